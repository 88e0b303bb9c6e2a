// What outlives a reload: the key that tokens are bound to, which no script can read, and
// the refresh token, which is worth nothing without it.  Both are in one record of
// IndexedDB, that all tabs share, and not in localStorage, which cannot hold a key.

export interface Stored {
	/** of a sign-in: a tab that finds another one does not go on in its name */
	id: string;
	keys: CryptoKeyPair;
	refreshToken: string;
	idToken?: string;
}

/** where a browser has no IndexedDB (some private windows), the session ends with the page */
const memory = new Map<string, unknown>();

const settled = <T>(request: IDBRequest<T>): Promise<T> => new Promise((resolve, reject) => {
	request.onsuccess = () => resolve(request.result);
	request.onerror = () => reject(request.error);
});

async function store(mode: IDBTransactionMode): Promise<IDBObjectStore | undefined> {
	try {
		const opening = indexedDB.open('pgtoken-console', 1);
		opening.onupgradeneeded = () => opening.result.createObjectStore('records');
		return (await settled(opening)).transaction('records', mode).objectStore('records');
	} catch {
		return undefined;
	}
}

export async function load<T>(name: string): Promise<T | undefined> {
	const records = await store('readonly');
	return (records ? await settled(records.get(name)) : memory.get(name)) as T | undefined;
}

export async function save(name: string, record: unknown): Promise<void> {
	const records = await store('readwrite');
	if (records) await settled(records.put(record, name));
	else memory.set(name, record);
}

/** in place of the record of this id, undefined: away with it; false where that one is there no more */
export async function replace(name: string, id: string, record: { id: string } | undefined): Promise<boolean> {
	const same = (old: unknown) => (old as { id: string } | undefined)?.id === id;
	const records = await store('readwrite');
	if (!records) {
		if (!same(memory.get(name))) return false;
		if (record) memory.set(name, record);
		else memory.delete(name);
		return true;
	}
	if (!same(await settled(records.get(name)))) return false;
	if (record) await settled(records.put(record, name));
	else await settled(records.delete(name));
	return true;
}

export async function remove(name: string): Promise<void> {
	const records = await store('readwrite');
	if (records) await settled(records.delete(name));
	else memory.delete(name);
}
