// The pages.  Each is a file of pages/ whose default export is a component, and is loaded
// when it is opened; it gets what its path names (":id") as properties.
import type { ComponentType } from 'preact';

export interface PageEntry {
	/** of wouter: "/clients/:client_id" */
	path: string;
	title: string;
	/** its group in the navigation; none: it is opened from another page */
	nav?: 'Watch' | 'Find out' | 'Set up' | 'Keep';
	/** the console function that it begins with: who may not call it is not shown the page */
	needs: string;
	load: () => Promise<{ default: ComponentType<any> }>;
}

export const pages: PageEntry[] = [
	{ path: '/', title: 'Overview', nav: 'Watch', needs: 'overview', load: () => import('./pages/overview') },

	// find, family, why
	{ path: '/find', title: 'Find', nav: 'Find out', needs: 'find', load: () => import('./pages/find') },
	{ path: '/find/:text', title: 'Find', needs: 'find', load: () => import('./pages/find') },
	{ path: '/families/:grant_id/:generation?', title: 'Family', needs: 'family', load: () => import('./pages/family') },
	{ path: '/why', title: 'Why', nav: 'Find out', needs: 'refusals', load: () => import('./pages/why') },
	{ path: '/why/:event/:value?', title: 'Why', needs: 'why', load: () => import('./pages/why') },

	// clients, resources, keys
	{ path: '/clients', title: 'Clients', nav: 'Set up', needs: 'clients', load: () => import('./pages/clients') },
	{ path: '/new-client', title: 'New client', needs: 'create_client', load: () => import('./pages/client_new') },
	{ path: '/clients/:client_id', title: 'Client', needs: 'client', load: () => import('./pages/client') },
	{ path: '/resources', title: 'APIs', nav: 'Set up', needs: 'resources', load: () => import('./pages/resources') },
	{ path: '/keys', title: 'Keys', nav: 'Set up', needs: 'key_life', load: () => import('./pages/keys') },

	// policies, audit, storage
	{ path: '/policies', title: 'Policies', nav: 'Set up', needs: 'policies', load: () => import('./pages/policies') },
	{ path: '/new-policy', title: 'New policy', needs: 'create_policy', load: () => import('./pages/policy_draft') },
	{ path: '/policies/:policy', title: 'Policy', needs: 'policy_versions', load: () => import('./pages/policy') },
	{ path: '/policies/:policy/draft/:version', title: 'New version', needs: 'create_policy', load: () => import('./pages/policy_draft') },
	{ path: '/audit', title: 'Audit', nav: 'Find out', needs: 'audit_events', load: () => import('./pages/audit') },
	{ path: '/audit/by/:filter/:value', title: 'Audit', needs: 'audit_events', load: () => import('./pages/audit') },
	{ path: '/audit/events/:event_id', title: 'Event', needs: 'audit_event', load: () => import('./pages/audit_event') },
	{ path: '/seals', title: 'Seals', nav: 'Keep', needs: 'audit_seals', load: () => import('./pages/seals') },
	{ path: '/storage', title: 'Storage', nav: 'Keep', needs: 'storage', load: () => import('./pages/storage') },

];
