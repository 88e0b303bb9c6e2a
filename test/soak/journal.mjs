// What clients were answered, outside of the database that is held against it: in memory, and in a
// file as well, which has hashes only.
import { createWriteStream } from 'node:fs';

export class Journal {
	constructor(file) {
		this.file = createWriteStream(file);
		this.answers = [];
		this.events = [];
		this.looked = { answers: 0, events: 0 };
	}

	answer(what, { grantId, generation, hash, jti }) {
		this.file.write(`${JSON.stringify({ at: new Date(), what, grantId, generation, hash, jti })}\n`);
		this.answers.push({ grant_id: grantId, generation, jti });
	}

	event(event, grantId, id) {
		this.file.write(`${JSON.stringify({ at: new Date(), what: event, grantId, id })}\n`);
		this.events.push({ event, grant_id: grantId, id });
	}

	since(all) {
		const found = { answers: this.answers.slice(all ? 0 : this.looked.answers), events: this.events.slice(all ? 0 : this.looked.events) };
		this.looked = { answers: this.answers.length, events: this.events.length };
		return found;
	}
}
