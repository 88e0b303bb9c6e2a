// Forms that are made of a list of fields: columns of a row and members of its metadata,
// of which only those are sent that were changed.
import { ApiError, Checkbox, Group, Select, TextArea, TextField } from './components';
import { inWords } from './interval';

export interface FieldSpec {
	/** the argument of the function, or the member of metadata */
	name: string;
	label: string;
	hint?: string;
	/** rest: the members of metadata that have no field, as JSON */
	kind: 'text' | 'lines' | 'words' | 'number' | 'interval' | 'json' | 'boolean' | 'choice' | 'many' | 'rest';
	/** a member of metadata, and no argument of its own */
	member?: boolean;
	/** what it is where nothing is said */
	default?: boolean | string;
	/** of what a choice is one, many are some */
	options?: (string | [value: string, text: string])[];
	/** it cannot be changed afterwards */
	fixed?: boolean;
	/** an empty list is one, too, and not "nothing said" */
	empty?: boolean;
	placeholder?: string;
	required?: boolean;
	error?: string;
}

export interface GroupSpec {
	legend: string;
	fields: FieldSpec[];
	/** closed until it is opened, where nothing is said in it */
	folded?: boolean;
}

export type Row = Record<string, unknown>;
/** what is in the fields */
export type Values = Record<string, string | boolean | string[]>;

const metadataOf = (row: Row | undefined) => (row?.metadata ?? {}) as Row;

/** the members of metadata that have no field of their own */
function restOf(groups: GroupSpec[], row: Row | undefined): Row {
	const known = new Set(groups.flatMap(({ fields }) => fields).filter((spec) => spec.member).map(({ name }) => name));
	return Object.fromEntries(Object.entries(metadataOf(row)).filter(([name]) => !known.has(name)));
}

const member = (row: Row | undefined, { name, member: inMetadata }: FieldSpec) => (inMetadata ? metadataOf(row)[name] : row?.[name]);

/** what a field shows of a row */
function shown(row: Row | undefined, spec: FieldSpec): string | boolean | string[] {
	const value = member(row, spec) ?? (row ? undefined : spec.default);
	switch (spec.kind) {
		case 'boolean': return typeof value === 'boolean' ? value : spec.default === true;
		case 'many': return Array.isArray(value) ? value.map(String) : [];
		case 'lines': return Array.isArray(value) ? value.join('\n') : '';
		case 'words': return Array.isArray(value) ? value.join(' ') : typeof value === 'string' ? value : '';
		case 'interval': return inWords(value as string | undefined);
		case 'json': return value === undefined || value === null ? '' : JSON.stringify(value, null, 2);
		default: return value === undefined || value === null ? '' : String(value);
	}
}

function restShown(groups: GroupSpec[], row: Row | undefined): string {
	const rest = restOf(groups, row);
	return Object.keys(rest).length > 0 ? JSON.stringify(rest, null, 2) : '';
}

export const valuesOf = (groups: GroupSpec[], row?: Row): Values =>
	Object.fromEntries(groups.flatMap(({ fields }) => fields.map((spec) => [spec.name, spec.kind === 'rest' ? restShown(groups, row) : shown(row, spec)])));

function parsed(name: string, text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		throw new ApiError(0, 'invalid_request', `${name} is not JSON.`);
	}
}

/** what the field of further metadata says: its members, and as null those that were taken out */
function restSaid(name: string, text: string, before: Row): Row {
	const rest = text.trim() === '' ? {} : parsed(name, text);
	if (typeof rest !== 'object' || rest === null || Array.isArray(rest)) throw new ApiError(0, 'invalid_request', `${name} must be a JSON object.`);
	const now = rest as Row;
	return { ...Object.fromEntries(Object.keys(before).filter((key) => !(key in now)).map((key) => [key, null])), ...now };
}

/** what a field says to the function; null: back to the default */
function said(spec: FieldSpec, value: string | boolean | string[]): unknown {
	if (typeof value === 'boolean') return value === (spec.default === true) ? null : value;
	const list = Array.isArray(value) ? value
		: spec.kind === 'lines' ? value.split('\n').map((line) => line.trim()).filter(Boolean)
		: spec.kind === 'words' ? value.split(/\s+/).filter(Boolean) : undefined;
	if (list) return list.length > 0 || spec.empty ? list : null;
	const text = (value as string).trim();
	if (text === '') return null;
	if (spec.kind === 'number') return Number.isFinite(Number(text)) ? Number(text) : text;
	return spec.kind === 'json' ? parsed(spec.name, text) : text;
}

/** The arguments of a call: of a new row all that was said, of one that is there what was changed, as null where it was emptied. */
export function argumentsOf(groups: GroupSpec[], values: Values, row?: Row): Row {
	const args: Row = {};
	const metadata: Row = {};
	for (const spec of groups.flatMap(({ fields }) => fields)) {
		const value = values[spec.name]!;
		if (spec.kind === 'rest') {
			if (value !== restShown(groups, row)) Object.assign(metadata, restSaid(spec.name, value as string, restOf(groups, row)));
			continue;
		}
		if (row && (spec.fixed || JSON.stringify(value) === JSON.stringify(shown(row, spec)))) continue;
		const argument = said(spec, value);
		if (!row && argument === null) {
			if (spec.required) throw new ApiError(0, 'invalid_request', `${spec.name} is needed: it has no default.`);
			continue;
		}
		// a column that is a boolean has no default to go back to
		(spec.member ? metadata : args)[spec.name] = argument === null && spec.kind === 'boolean' && !spec.member ? value : argument;
	}
	if (Object.keys(metadata).length > 0) args.metadata = metadata;
	return args;
}

/** what the service says without naming a field, and which it means */
const MEANT: [RegExp, string][] = [
	[/exists already|is there already/, '*'], [/redirect URI/, 'redirect_uris'], [/resource indicator/, 'resource'], [/resource .* is not registered/, 'resources'],
	[/signing algorithm|no active \S+ key/, 'signing_alg'], [/no client of this name/, '*'], [/such confidential client/, 'client_id'],
];

/** The field that an error is about, and what is said there; undefined: it is not said which. */
export function fieldError(error: ApiError | undefined, names: string[]): { name: string; text: string } | undefined {
	if (!error || error.status === 401 || error.status >= 500) return undefined;
	const text = [error.description, error.detail, error.hint].filter(Boolean).map((s) => (/[.!?]$/.test(s!) ? s : `${s}.`)).join(' ');
	const meant = MEANT.find(([pattern, name]) => pattern.test(error.description) && (name === '*' || names.includes(name)));
	if (meant) return { name: meant[1] === '*' ? names[0]! : meant[1], text };
	for (const said of [error.description, error.detail]) {
		const found = names.map((name) => ({ name, at: (said ?? '').search(new RegExp(`(?<![\\w])${name}(?![\\w])`)) })).filter(({ at }) => at >= 0)
			.sort((a, b) => a.at - b.at || b.name.length - a.name.length)[0];
		if (found) return { name: found.name, text };
	}
	return undefined;
}

function Input({ spec, value, set, error, disabled }: { spec: FieldSpec; value: string | boolean | string[]; set: (value: string | boolean | string[]) => void; error: string | undefined; disabled: boolean }) {
	const common = { label: spec.label, hint: spec.hint, error, name: spec.name, disabled };
	const text = value as string;
	switch (spec.kind) {
		case 'boolean':
			return (
				<div>
					<Checkbox label={spec.label} hint={spec.hint} name={spec.name} disabled={disabled} checked={value as boolean} aria-invalid={error ? true : undefined}
						onChange={(event) => set(event.currentTarget.checked)} />
					{error && <p class="field-error" role="alert">{error}</p>}
				</div>
			);
		case 'many': {
			const chosen = value as string[];
			// what was chosen before and is not offered stays to be seen
			const options = [...(spec.options ?? []), ...chosen.filter((v) => !(spec.options ?? []).some((o) => (Array.isArray(o) ? o[0] : o) === v))];
			return (
				<fieldset class="many">
					<legend>{spec.label}</legend>
					{spec.hint && <p class="field-hint">{spec.hint}</p>}
					{options.map((option) => {
						const [v, label] = Array.isArray(option) ? option : [option, option];
						return <Checkbox key={v} label={label} name={spec.name} value={v} checked={chosen.includes(v)} disabled={disabled}
							onChange={(event) => set(event.currentTarget.checked ? [...chosen, v] : chosen.filter((c) => c !== v))} />;
					})}
					{options.length === 0 && <p class="muted">There is none.</p>}
					{error && <p class="field-error" role="alert">{error}</p>}
				</fieldset>
			);
		}
		case 'choice':
			return <Select {...common} value={text} options={spec.options ?? []} onChange={(event) => set(event.currentTarget.value)} />;
		case 'lines':
		case 'json':
		case 'rest':
			return <TextArea {...common} value={text} rows={spec.kind === 'lines' ? 3 : 6} placeholder={spec.placeholder} onInput={(event) => set(event.currentTarget.value)} />;
		default:
			return <TextField {...common} value={text} placeholder={spec.placeholder} required={spec.required} inputMode={spec.kind === 'number' ? 'numeric' : undefined}
				onInput={(event) => set(event.currentTarget.value)} />;
	}
}

/** groups of fields; those of a group that is folded are there, and seen when it is opened */
export function Fields({ groups, values, set, error, editing }: {
	groups: GroupSpec[]; values: Values; set: (values: Values) => void; error: { name: string; text: string } | undefined; editing: boolean;
}) {
	return (
		<div class="groups">
			{groups.map(({ legend, fields, folded }) => {
				const inputs = fields.map((spec) => (
					<Input key={spec.name} spec={spec} value={values[spec.name]!} disabled={editing && spec.fixed === true} error={error?.name === spec.name ? error.text : undefined}
						set={(value) => set({ ...values, [spec.name]: value })} />
				));
				const open = !folded || fields.some(({ name }) => error?.name === name);
				return folded
					? <details key={legend} class="fold" open={open || undefined}><summary>{legend}</summary><div class="group">{inputs}</div></details>
					: <Group key={legend} legend={legend}>{inputs}</Group>;
			})}
		</div>
	);
}
