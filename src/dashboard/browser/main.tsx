import { render } from 'preact';
import { App } from './app.tsx';
import { createShell } from './shell.ts';

const root = document.getElementById('app');
if (root !== null) {
  const shell = createShell();
  render(<App shell={shell} />, root);
  await shell.identify();
}
