import './theme';
import './styles/base.css';
import './styles/layout.css';
import './styles/components.css';

import { render } from 'preact';

import { App } from './app';

render(<App />, document.getElementById('app')!);
