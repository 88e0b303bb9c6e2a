// Who is signed in, and what may be called: asked once, shown everywhere.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

export interface WhoAmI {
	subject: string;
	/** the operator's access: auditor, issuer_admin, admin */
	access: string;
	issuer: string;
	/** the console functions that this token may call */
	functions: string[];
	/** when a factor was last proved in this session */
	proved_at: string | null;
	factor_ids: string[];
}

export const WhoAmIContext = createContext<WhoAmI | undefined>(undefined);

export const useWhoAmI = () => useContext(WhoAmIContext)!;

/** may(name): can this operator call the console function? What he cannot is not offered. */
export const useMay = () => {
	const { functions } = useWhoAmI();
	return (name: string) => functions.includes(name);
};
