// Policies as the API has them, and rules as a form writes them.
export type Rule = Record<string, unknown> & { rule: string; outcome?: string };

export interface Member {
	member: string;
	required: boolean;
	form: 'integer' | 'number' | 'word' | 'networks' | 'seconds' | 'time' | 'timezone' | 'days' | 'function';
	fallback: string | null;
	words: string[] | null;
	expected: string;
}

export interface RuleKind {
	rule: string;
	fires_when: string;
	members: Member[];
}

export interface PolicySummary {
	issuer: string;
	policy: string;
	newest: number;
	versions: number;
	drafts: number;
	active: number | null;
	shadow: number | null;
	activated_at: string | null;
	created_at: string;
}

export interface PolicyVersion {
	issuer: string;
	policy: string;
	version: number;
	state: 'draft' | 'active' | 'shadow' | 'retired';
	rules: Rule[];
	client_ids: string[] | null;
	resources: string[] | null;
	grant_types: string[] | null;
	on_refresh: boolean;
	on_issue: boolean;
	on_deny: string;
	on_error: string;
	function_timeout: string;
	factor_types: string[] | null;
	created_at: string;
	activated_at: string | null;
	activation: number | null;
	retired_at: string | null;
}

export const OUTCOMES: [string, string][] = [['allow', 'allow (recorded, nothing else)'], ['require', 'require a factor'], ['deny', 'deny']];

/** what a field of a form says as the JSON that a rule has; undefined: the member is left out */
export function asMember({ form }: Member, text: string): unknown {
	const trimmed = text.trim();
	if (trimmed === '') return undefined;
	if (form === 'networks') return trimmed.split(/[\s,]+/).filter(Boolean);
	// what is no number is sent as it was typed: the database says what was wanted
	const n = Number(trimmed);
	if (form === 'integer' || form === 'seconds' || form === 'number') return Number.isNaN(n) ? trimmed : n;
	return trimmed;
}

export const asField = (value: unknown): string => (Array.isArray(value) ? value.join('\n') : value === undefined || value === null ? '' : String(value));

/** "rule 2 (idle): longer_than is missing." names the rule, and the member where there is one */
export function problemAt(detail: string | undefined): { rule: number; member: string; text: string } | undefined {
	const found = /^rule (\d+)(?: \(\w+\))?: ((\w+).*)$/s.exec(detail ?? '');
	return found ? { rule: Number(found[1]) - 1, text: found[2]!, member: found[3]! } : undefined;
}

/** a rule in one line */
export function told({ rule, outcome, ...members }: Rule): string {
	const rest = Object.entries(members).map(([name, value]) => `${name.replaceAll('_', ' ')} ${Array.isArray(value) ? value.join(', ') : String(value)}`);
	return [rule.replaceAll('_', ' '), rest.length > 0 && `(${rest.join('; ')})`, outcome && `→ ${outcome}`].filter(Boolean).join(' ');
}
