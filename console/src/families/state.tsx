import { Badge, type Tone } from '../components';
import type { Summary } from './types';

const TONES: Record<string, Tone> = { active: 'good', revoked: 'bad', idle: 'warn', expired: 'warn' };

export const State = ({ of: { state } }: { of: Pick<Summary, 'state'> }) => <Badge tone={TONES[state] ?? 'neutral'}>{state}</Badge>;
