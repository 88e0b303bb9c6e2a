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

	// policies, audit, storage

];
