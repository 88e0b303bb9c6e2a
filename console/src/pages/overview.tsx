import { Page } from '../components';

export default function Overview() {
	return <Page title="Overview"><p>x</p></Page>;
}
