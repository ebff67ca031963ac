// Shows /openapi.json: with the viewer if its files lie beside this one, else as a plain list. Asks nothing of other origins.
'use strict';

const place = document.getElementById('docs');

function element(name, text, ...children) {
	const made = document.createElement(name);

	if (text !== undefined) made.textContent = text;
	made.append(...children);
	return made;
}

function plainList(api) {
	const tags = new Map(api.tags.map((tag) => [tag.name, element('dl')]));
	const list = element('div', undefined, element('h1', api.info.title), element('p', api.info.description));

	list.className = 'plain';
	for (const [path, methods] of Object.entries(api.paths)) {
		for (const [method, operation] of Object.entries(methods)) {
			if (!operation.operationId) continue;
			tags.get(operation.tags[0]).append(
				element('dt', undefined, element('code', method.toUpperCase() + ' ' + path)),
				element('dd', operation.description || operation.summary));
		}
	}
	for (const [name, entries] of tags) list.append(element('h2', name), entries);
	place.replaceChildren(list);
}

async function show() {
	if (window.SwaggerUIBundle) {
		window.SwaggerUIBundle({
			url: '/openapi.json', domNode: place, deepLinking: true, displayRequestDuration: true, docExpansion: 'none',
			filter: true, validatorUrl: null, persistAuthorization: false,
		});
		return;
	}
	const answer = await fetch('/openapi.json', { headers: { Accept: 'application/json' } });

	if (!answer.ok) throw new Error('/openapi.json answered ' + answer.status);
	plainList(await answer.json());
}

show().catch((problem) => {
	const note = element('p', 'The documentation can’t be shown: ' + problem.message);

	note.className = 'note';
	place.replaceChildren(note);
});
