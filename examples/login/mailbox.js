// Where one-time codes go.  A real application sends them by mail or text message;
// this one keeps them in memory, for a page that their user can look at.

export class Mailbox {
	#database;
	#mails = new Map(); // subject -> [{label, code, client_id}], the newest first

	constructor(database) {
		this.#database = database;
	}

	/** what pgtoken has waiting is taken, and is nobody else's to take */
	async #deliver() {
		for (const { subject, ...mail } of await this.#database.takeChallengeCodes()) {
			this.put(subject, mail);
		}
	}

	/** a code of the application's own, delivered like the others */
	put(subject, mail) {
		this.#mails.set(subject, [mail, ...(this.#mails.get(subject) ?? [])].slice(0, 10));
	}

	async of(subject) {
		await this.#deliver();
		return this.#mails.get(subject) ?? [];
	}
}
