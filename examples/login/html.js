// HTML by template: html`<p>${text}</p>` escapes what is put in, unless that is
// itself the work of html``.  Lists are joined, false and null are nothing.

class Html {
	constructor(text) {
		this.text = text;
	}

	toString() {
		return this.text;
	}
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escape(value) {
	if (value instanceof Html) return value.text;
	if (Array.isArray(value)) return value.map(escape).join('');
	if (value === null || value === undefined || value === false) return '';
	return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

export function html(strings, ...values) {
	return new Html(strings.reduce((text, string, i) => text + escape(values[i - 1]) + string));
}
