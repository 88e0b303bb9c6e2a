// Series over time, drawn by uPlot, with a table of the same for whoever cannot see it.
import { useEffect, useId, useRef } from 'preact/hooks';
import uPlot from 'uplot';

import 'uplot/dist/uPlot.min.css';

import { moment, number } from '../format';

export interface Series {
	title: string;
	/** a custom property of the stylesheet: "--chart-1" */
	color: string;
	values: (number | null)[];
}

/** what a custom property is in the theme that is shown */
function resolved(element: HTMLElement, property: string): string {
	const probe = document.createElement('span');
	probe.style.color = `var(${property})`;
	element.append(probe);
	const { color } = getComputedStyle(probe);
	probe.remove();
	return color;
}

/**
 * times: seconds since 1970, where each interval begins.  step: its length in seconds.
 */
export function TimeChart({ title, times, series, height = 180 }: { title: string; times: number[]; series: Series[]; height?: number }) {
	const frame = useRef<HTMLDivElement>(null);
	const name = useId();
	useEffect(() => {
		const element = frame.current!;
		let plot: uPlot | undefined;
		const draw = () => {
			plot?.destroy();
			const ink = resolved(element, '--muted');
			const grid = { stroke: resolved(element, '--line'), width: 1 };
			const font = '12px system-ui, sans-serif';
			plot = new uPlot({
				width: element.clientWidth,
				height,
				cursor: { y: false, points: { size: 7 } },
				legend: { live: true },
				scales: { y: { range: (_plot, _low, high) => [0, Math.max(4, high * 1.1)] } },
				axes: [
					{ stroke: ink, grid, ticks: grid, font },
					{ stroke: ink, grid, ticks: grid, font, size: 52, values: (_plot, ticks) => ticks.map((n) => (Number.isInteger(n) ? number(n) : '')) },
				],
				series: [
					{ label: 'Time', value: (_plot, at) => (at === null ? '–' : moment(new Date(at * 1000))) },
					...series.map(({ title: label, color }) => {
						const stroke = resolved(element, color);
						return { label, stroke, width: 2, fill: stroke.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.12)'), points: { show: false }, value: (_plot: uPlot, n: number | null) => (n === null ? '–' : number(n)) };
					}),
				],
			}, [times, ...series.map(({ values }) => values)], element);
		};
		draw();
		const sized = new ResizeObserver(() => plot && element.clientWidth > 0 && plot.setSize({ width: element.clientWidth, height }));
		sized.observe(element);
		const dark = matchMedia('(prefers-color-scheme: dark)');
		dark.addEventListener('change', draw);
		window.addEventListener('themechange', draw);
		return () => {
			sized.disconnect();
			dark.removeEventListener('change', draw);
			window.removeEventListener('themechange', draw);
			plot?.destroy();
		};
	}, [JSON.stringify([times, series, height])]);
	return (
		<figure class="chart" aria-labelledby={name}>
			<figcaption id={name}>{title}</figcaption>
			<div ref={frame} aria-hidden="true" />
			<details>
				<summary>As a table</summary>
				<div class="table-frame" tabIndex={0} role="region" aria-label={title}>
					<table>
						<thead><tr><th scope="col">From</th>{series.map((s) => <th key={s.title} scope="col" class="numeric">{s.title}</th>)}</tr></thead>
						<tbody>
							{times.map((at, i) => (
								<tr key={at}>
									<th scope="row">{moment(new Date(at * 1000))}</th>
									{series.map((s) => <td key={s.title} class="numeric">{s.values[i] === null || s.values[i] === undefined ? '' : number(s.values[i])}</td>)}
								</tr>
							))}
						</tbody>
					</table>
				</div>
			</details>
		</figure>
	);
}
