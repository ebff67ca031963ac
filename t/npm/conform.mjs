// Holds what was sent and answered against the OpenAPI document: statuses, headers, bodies, each with ajv (JSON Schema 2020-12).
// usage: node conform.mjs DOCUMENT.json EXCHANGES.jsonl
// An exchange: {name, template, method, good, body, status, headers: {lower-case name: value}, answer}; body is what was sent (JSON or
// absent), answer the text that came. Prints a line of JSON for each that does not fit: {name, problems: [...]}; then "N exchanges".
import { readFileSync } from 'node:fs';

import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const api = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const lines = readFileSync(process.argv[3], 'utf8').split('\n').filter((line) => line !== '');
const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false });

addFormats(ajv);
ajv.addFormat('int32', { type: 'number', validate: (n) => Number.isInteger(n) && Math.abs(n) <= 2 ** 31 });
ajv.addFormat('int64', { type: 'number', validate: (n) => Number.isInteger(n) });
ajv.addSchema(api, 'api');

const compiled = new Map();

function absolute(value) {
	if (Array.isArray(value)) return value.map(absolute);
	if (value === null || typeof value !== 'object') return value;
	return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, key === '$ref' ? 'api' + inner : absolute(inner)]));
}

function problemsOf(schema, value) {
	const key = JSON.stringify(schema);

	if (!compiled.has(key)) compiled.set(key, ajv.compile(absolute(schema)));
	const validate = compiled.get(key);

	if (validate(value)) return [];
	return validate.errors.slice(0, 5).map((e) => `${e.instancePath || '(whole)'} ${e.message} ${JSON.stringify(e.params)}`);
}

function resolve(value) {
	if (!value?.$ref) return value;
	return value.$ref.slice(2).split('/').reduce((at, part) => at[part.replaceAll('~1', '/').replaceAll('~0', '~')], api);
}

function judge(exchange) {
	const problems = [];
	const operation = api.paths[exchange.template]?.[exchange.method.toLowerCase()];

	if (!operation) return [`${exchange.method} ${exchange.template} is not documented`];
	if (exchange.good && operation.requestBody) {
		const schema = operation.requestBody.content['application/json'].schema;

		if (exchange.body !== undefined) {
			problems.push(...problemsOf(schema, exchange.body).map((text) => `the request that should be good: ${text}`));
		} else if (operation.requestBody.required) {
			problems.push('the request that should be good lacks a body');
		}
	}
	const { status, headers } = exchange;
	const response = resolve(operation.responses[status]);

	if (!response) return [...problems, `status ${status} is not documented`];
	const must = ['x-request-id'];

	// A dry run leaves nothing that could be somewhere.
	if ((status === 201 || status === 202) && !/tx=rollback/.test(headers['preference-applied'] ?? '')) must.push('location');
	if (status === 401) must.push('www-authenticate');
	if (status === 429 || status === 503) must.push('retry-after');
	// What changes by the moment has no tag.
	if (status === 200 && exchange.method === 'GET' && exchange.template !== '/health') must.push('etag');
	for (const name of must) {
		if (headers[name] === undefined) problems.push(`header ${name} is missing`);
	}
	for (const [name, definition] of Object.entries(response.headers ?? {})) {
		const text = headers[name.toLowerCase()];
		const schema = resolve(definition).schema;

		if (text === undefined) continue;
		problems.push(...problemsOf(schema, schema.type === 'integer' ? Number(text) : text).map((p) => `header ${name}: ${p}`));
	}
	for (const name of ['etag', 'location', 'link', 'retry-after', 'preference-applied', 'www-authenticate']) {
		if (headers[name] !== undefined && !Object.keys(response.headers ?? {}).some((known) => known.toLowerCase() === name)) {
			problems.push(`header ${name} is not documented`);
		}
	}
	const type = (headers['content-type'] ?? '').split(';')[0];

	if (!response.content) {
		if (exchange.answer) problems.push(`a body where none is documented: ${exchange.answer.slice(0, 80)}`);
		return problems;
	}
	const content = response.content[type];

	if (!content) return [...problems, `content type "${type}" is not documented`];
	let value = exchange.answer;

	if (type.endsWith('json')) {
		try {
			value = JSON.parse(exchange.answer);
		} catch {
			return [...problems, 'the body is not JSON'];
		}
		if (Array.isArray(value.items) && value.next && headers.link === undefined) problems.push('a list with a next page lacks Link');
		if (status >= 400 && (value.status !== status || value.code !== `UB${status}` || value.request_id !== headers['x-request-id'])) {
			problems.push('the problem names another status, code or request id than the answer');
		}
	}
	problems.push(...problemsOf(content.schema, value));
	return problems;
}

let count = 0;

for (const line of lines) {
	const exchange = JSON.parse(line);
	const problems = judge(exchange);

	count++;
	if (problems.length > 0) console.log(JSON.stringify({ name: exchange.name, status: exchange.status, problems }));
}
console.log(`${count} exchanges`);
