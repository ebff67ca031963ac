// A run through the API with the client that was generated from its description: typed, so that it compiles only if the types are right.
// usage (compiled): node smoke.js BASE_URL TOKEN
import assert from 'node:assert/strict';

import { createTask, deleteTask, getTask, listTasks, me, updateTask } from './client';
import { client } from './client/client.gen';
import type { Problem, Task } from './client';

async function main(): Promise<void> {
	const [baseUrl, token] = process.argv.slice(2) as [string, string];

	client.setConfig({ baseUrl, auth: () => token });

	const who = await me();
	assert.equal(who.response.status, 200);
	const nickname: string = who.data!.nickname;

	const made = await createTask({ body: { title: 'Made by a generated client', reward_amount: 12.5, reward_currency: 'USDC',
		deadline: '2031-05-01T12:00:00Z', tags: ['typescript'] } });
	assert.equal(made.response.status, 201);
	const task: Task = made.data!;
	assert.equal(task.sponsor?.nickname, nickname);
	assert.equal(task.reward?.amount, 12.5);
	assert.equal(task.deadline?.latest, '2031-05-01T12:00:00Z');
	assert.equal(made.response.headers.get('location'), `/api/v1/tasks/${task.id}`);

	const listed = await listTasks({ query: { tag: ['typescript'], state: 'open', limit: 1 }, headers: { Prefer: 'count=exact' } });
	assert.equal(listed.data!.items[0]!.id, task.id);
	assert.equal(listed.data!.total, 1);
	assert.equal(listed.data!.next, null);

	const got = await getTask({ path: { id: task.id } });
	assert.deepEqual(got.data!.tags, ['typescript']);
	const tag = got.response.headers.get('etag')!;

	const patched = await updateTask({ path: { id: task.id }, headers: { 'If-Match': tag }, body: { title: 'Changed by it', deadline: null } });
	assert.equal(patched.data!.title, 'Changed by it');
	assert.equal(patched.data!.deadline, null);

	const late = await updateTask({ path: { id: task.id }, headers: { 'If-Match': tag }, body: { title: 'Too late' } });
	const refused: Problem | undefined = late.error;
	assert.equal(refused?.code, 'UB412');

	const wrong = await createTask({ body: { title: '' } });
	assert.equal(wrong.error?.errors?.[0]?.pointer, '/title');

	const gone = await deleteTask({ path: { id: task.id } });
	assert.equal(gone.response.status, 204);
	const missing = await getTask({ path: { id: task.id } });
	assert.equal(missing.response.status, 404);
	const problem: Problem = missing.error!;
	assert.equal(problem.code, 'UB404');
	assert.equal(missing.data, undefined);
	console.log('the generated client works');
}

main().catch((problem) => {
	console.error(problem);
	process.exit(1);
});
