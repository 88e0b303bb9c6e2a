// A draft of a policy: rules by a form or as JSON, what it judges, what comes of it.
import { useEffect, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';

import { Button, call, Card, Checkbox, ErrorBox, Form, Group, Loading, Notice, Page, Select, Tabs, TextArea, TextField, useAction, useCall } from '../components';
import { asField, asMember, type Member, OUTCOMES, type PolicyVersion, problemAt, type Rule, type RuleKind } from '../policy_rules';
import { useWhoAmI } from '../whoami';
import '../styles/keeping.css';

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const lines = (text: string) => {
	const list = text.split(/[\s,]+/).filter(Boolean);
	return list.length > 0 ? list : null;
};

/** a rule that is being written: members as the fields have them */
interface Draft {
	key: number;
	kind: string;
	outcome: string;
	fields: Record<string, string>;
	days: number[] | undefined;
}

let keys = 0;
const fresh = (kind: string): Draft => ({ key: ++keys, kind, outcome: 'require', fields: {}, days: undefined });

function asDraft({ rule, outcome = 'require', days, ...members }: Rule): Draft {
	const fields = Object.fromEntries(Object.entries(members).map(([name, value]) => [name, asField(value)]));
	return { key: ++keys, kind: rule, outcome, fields, days: Array.isArray(days) ? days as number[] : undefined };
}

function asRule({ kind, outcome, fields, days }: Draft, kinds: RuleKind[]): Rule {
	const rule: Rule = kind === 'function' ? { rule: kind } : { rule: kind, outcome };
	for (const member of kinds.find((k) => k.rule === kind)?.members ?? []) {
		const value = member.form === 'days' ? days : asMember(member, fields[member.member] ?? '');
		if (value !== undefined) rule[member.member] = value;
	}
	return rule;
}

function MemberField({ member, draft, change, error }: { member: Member; draft: Draft; change: (draft: Draft) => void; error: string | undefined }) {
	const { member: name, form, fallback, words, required, expected } = member;
	const label = name.replaceAll('_', ' ') + (form === 'seconds' ? ' (seconds)' : '');
	const hint = required ? undefined : fallback ? `${fallback} where nothing is given` : 'no bound where nothing is given';
	const value = draft.fields[name] ?? '';
	const set = (text: string) => change({ ...draft, fields: { ...draft.fields, [name]: text } });
	if (form === 'word') {
		return <Select label={label} error={error} value={value || fallback!} options={words!} onChange={(event) => set(event.currentTarget.value)} />;
	}
	if (form === 'days') {
		const on = draft.days ?? [1, 2, 3, 4, 5, 6, 7];
		return (
			<Group legend="days">
				{DAYS.map((day, i) => (
					<Checkbox key={day} label={day} checked={on.includes(i + 1)}
						onChange={(event) => change({ ...draft, days: event.currentTarget.checked ? [...on, i + 1].sort() : on.filter((d) => d !== i + 1) })} />
				))}
			</Group>
		);
	}
	if (form === 'networks') return <TextArea label={label} hint="One on each line, such as 192.0.2.0/24 or 2001:db8::/32" error={error} value={value} onInput={(event) => set(event.currentTarget.value)} />;
	return (
		<TextField label={label} hint={hint} error={error && `must be ${expected}`} value={value} required={required}
			inputMode={form === 'integer' || form === 'seconds' ? 'numeric' : form === 'number' ? 'decimal' : 'text'}
			placeholder={form === 'time' ? '22:00' : form === 'timezone' ? 'Europe/Berlin' : form === 'function' ? 'risk.judge' : undefined}
			onInput={(event) => set(event.currentTarget.value)} />
	);
}

function RuleForm({ nth, draft, kinds, change, remove, problem }: {
	nth: number; draft: Draft; kinds: RuleKind[]; change: (draft: Draft) => void; remove: (() => void) | undefined;
	problem: { member: string; text: string } | undefined;
}) {
	const kind = kinds.find(({ rule }) => rule === draft.kind);
	const of = problem && kind?.members.find(({ member }) => member === problem.member);
	return (
		<Group legend={`Rule ${nth}`}>
			<div class="fields">
				<Select label="It fires when" value={draft.kind} options={kinds.map(({ rule }) => [rule, rule.replaceAll('_', ' ')])}
					hint={kind?.fires_when} error={problem && !of ? problem.text : undefined}
					onChange={(event) => change({ ...fresh(event.currentTarget.value), key: draft.key, outcome: draft.outcome })} />
				{draft.kind !== 'function' && <Select label="Then" value={draft.outcome} options={OUTCOMES} onChange={(event) => change({ ...draft, outcome: event.currentTarget.value })} />}
				{kind?.members.map((member) => <MemberField key={member.member} member={member} draft={draft} change={change} error={member === of ? problem?.text : undefined} />)}
			</div>
			{remove && <div><Button kind="quiet" onClick={remove}>Remove rule {nth}</Button></div>}
		</Group>
	);
}

function DraftForm({ kinds, of }: { kinds: RuleKind[]; of: PolicyVersion | undefined }) {
	const { issuer } = useWhoAmI();
	const [, go] = useLocation();
	const [drafts, setDrafts] = useState<Draft[]>(of ? of.rules.map(asDraft) : [fresh('network_changed')]);
	const [tab, setTab] = useState('form');
	const [json, setJson] = useState('');
	const [jsonError, setJsonError] = useState<string>();
	const { run, busy, error } = useAction(async (args: object) => call<{ version: number }>('create_policy', args));
	const problem = problemAt(error?.detail);

	/** what the JSON says; undefined, with the reason beside the field, where it says nothing */
	const parsed = (): Rule[] | undefined => {
		try {
			const rules: unknown = JSON.parse(json);
			if (!Array.isArray(rules) || rules.some((rule) => typeof rule !== 'object' || rule === null || typeof (rule as Rule).rule !== 'string')) throw new Error('Rules are an array of objects, each with a member "rule".');
			setJsonError(undefined);
			return rules as Rule[];
		} catch (failure) {
			setJsonError((failure as Error).message);
			return undefined;
		}
	};
	const open = (next: string) => {
		if (next === tab) return;
		if (next === 'json') setJson(JSON.stringify(drafts.map((draft) => asRule(draft, kinds)), null, 2));
		else {
			const rules = parsed();
			if (!rules) return;
			setDrafts(rules.map(asDraft));
		}
		setTab(next);
	};
	const change = (i: number) => (draft: Draft) => setDrafts(drafts.map((old, n) => (n === i ? draft : old)));
	const submit = async (data: FormData) => {
		const rules = tab === 'json' ? parsed() : drafts.map((draft) => asRule(draft, kinds));
		if (!rules) return;
		const text = (name: string) => String(data.get(name) ?? '');
		const policy = of?.policy ?? text('policy').trim();
		const made = await run({
			issuer, policy, rules, client_ids: lines(text('client_ids')), resources: lines(text('resources')), grant_types: lines(text('grant_types')),
			factor_types: lines(text('factor_types')), on_refresh: data.has('on_refresh'), on_issue: data.has('on_issue'), on_deny: text('on_deny'), on_error: text('on_error'),
			function_timeout: text('function_timeout'),
		});
		if (made) go(`/policies/${encodeURIComponent(policy)}`);
	};
	return (
		<Form submit={submit} label="Save the draft" busy={busy} error={error} cancel={() => go(of ? `/policies/${encodeURIComponent(of.policy)}` : '/policies')}>
			{of ? <input type="hidden" name="policy" value={of.policy} /> : <TextField label="Name" name="policy" required hint="Letters, digits, “_”, “.” and “-”" error={error?.description === 'invalid name of a policy' ? error.detail : undefined} />}
			<Tabs label="Rules" open={tab} onOpen={open} tabs={[
				{ id: 'form', title: 'Rules by a form', content: () => (
					<div class="stack">
						{drafts.map((draft, i) => (
							<RuleForm key={draft.key} nth={i + 1} draft={draft} kinds={kinds} change={change(i)} problem={problem?.rule === i ? problem : undefined}
								remove={drafts.length > 1 ? () => setDrafts(drafts.filter((_, n) => n !== i)) : undefined} />
						))}
						{drafts.length < 32 && <div><Button onClick={() => setDrafts([...drafts, fresh('network_changed')])}>Add a rule</Button></div>}
					</div>
				) },
				{ id: 'json', title: 'As JSON', content: () => (
					<TextArea label="Rules" rows={14} value={json} error={jsonError ?? (problem && `rule ${problem.rule + 1}: ${problem.text}`)} onInput={(event) => setJson(event.currentTarget.value)} />
				) },
			]} />
			<Group legend="What it judges">
				<Checkbox name="on_refresh" label="Refreshes" defaultChecked={of?.on_refresh ?? true} />
				<Checkbox name="on_issue" label="First issues" defaultChecked={of?.on_issue ?? false} />
				<div class="fields">
					<TextArea label="Clients" name="client_ids" rows={2} defaultValue={asField(of?.client_ids)} hint="By client_id; none: all of the issuer" />
					<TextArea label="APIs" name="resources" rows={2} defaultValue={asField(of?.resources)} hint="Families that hold one of these; none: all" />
					<TextArea label="Grant types" name="grant_types" rows={2} defaultValue={asField(of?.grant_types)} hint="How families came about; none: all" />
				</div>
			</Group>
			<Group legend="What comes of it">
				<div class="fields">
					<Select label="A denied refresh" name="on_deny" value={of?.on_deny ?? 'keep'} options={[['keep', 'keeps its token'], ['revoke', 'ends the family']]} />
					<TextArea label="Factors that satisfy it" name="factor_types" rows={2} defaultValue={asField(of?.factor_types)} hint="email, sms, totp, webauthn, recovery_code, external; none: any" />
					<Select label="A function that fails counts as" name="on_error" value={of?.on_error ?? 'deny'} options={[['deny', 'deny (fail closed)'], ['allow', 'allow (fail open)']]} />
					<TextField label="A function may take" name="function_timeout" defaultValue={of?.function_timeout ?? '100 milliseconds'} hint="1 millisecond to 10 seconds" />
				</div>
			</Group>
		</Form>
	);
}

export default function PolicyDraft({ policy, version }: { policy?: string; version?: string }) {
	const { issuer } = useWhoAmI();
	const rules = useCall<{ rules: RuleKind[] }>('policy_rules');
	const from = useCall<{ rows: PolicyVersion[] }>('policy_versions', policy ? { issuer, policy, after: String(Number(version) + 1), limit: 1 } : null);
	const of = from.data?.rows[0];
	const [ready, setReady] = useState(false);
	useEffect(() => setReady(rules.data !== undefined && (!policy || from.data !== undefined)), [rules.data, from.data]);
	return (
		<Page title={policy ? `New version of ${policy}` : 'New policy'} lead={policy ? `It begins as version ${version} is. Versions never change: this one is a draft until it is put in force.` : 'A draft, until it is put in force.'}>
			<ErrorBox error={rules.error ?? from.error} retry={rules.error ? rules.reload : from.reload} />
			{!ready && !rules.error && !from.error && <Loading />}
			{ready && policy && !of && <Notice tone="warn">There is no such version any more.</Notice>}
			{ready && (!policy || of) && <Card><DraftForm kinds={rules.data!.rules} of={of} /></Card>}
		</Page>
	);
}
