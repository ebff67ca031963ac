// Judges an OpenAPI document with two validators that share no code: @seriousme's (the specification's own JSON Schema) and Redocly's
// (a typed walk of the document, with its rules). Prints what they find, a line each; exit status 1 if anything is wrong.
// usage: node validate.mjs DOCUMENT.json
import { readFileSync } from 'node:fs';

import { Validator } from '@seriousme/openapi-schema-validator';
import { createConfig, lintFromString } from '@redocly/openapi-core';

const text = readFileSync(process.argv[2], 'utf8');
let bad = 0;

function complain(who, what) {
	console.log(`${who}: ${what}`);
	bad++;
}

const validator = new Validator();
const first = await validator.validate(JSON.parse(text));

if (!first.valid) {
	for (const error of [first.errors].flat()) complain('seriousme', typeof error === 'string' ? error : JSON.stringify(error));
} else if (validator.version !== '3.1') {
	complain('seriousme', `read as version ${validator.version}`);
}

// Everything recommended is an error, but for these, which are matters of taste: paths that a word and a parameter share are told
// apart by our router, which prefers words; the server is where the document came from; some operations need no 4xx of their own.
const config = await createConfig({
	extends: ['recommended-strict'],
	rules: { 'no-ambiguous-paths': 'off', 'no-server-example.com': 'error', 'no-unused-components': 'error', 'operation-4xx-response': 'error' },
});

for (const problem of await lintFromString({ source: text, absoluteRef: 'openapi.json', config })) {
	complain('redocly', `${problem.severity} ${problem.ruleId} ${problem.location[0]?.pointer ?? ''}: ${problem.message}`);
}
console.log(bad === 0 ? 'valid' : `${bad} problems`);
process.exit(bad === 0 ? 0 : 1);
