import { Card, Facts, Id, Page, Time } from '../components';
import { useWhoAmI } from '../whoami';

export default function Overview() {
	const { subject, access, issuer, proved_at: proved } = useWhoAmI();
	return (
		<Page title="Overview" lead={issuer}>
			<Card>
				<Facts of={[['Operator', <Id value={subject} />], ['Access', access], ['Factor proved', <Time at={proved} />]]} />
			</Card>
		</Page>
	);
}
