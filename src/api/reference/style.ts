/** The reference page's style sheet. */
export const REFERENCE_STYLE = `:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f7f9, #14161a);
  --card: light-dark(#ffffff, #1d2026);
  --line: light-dark(#d5d9e0, #383d47);
  --ink: light-dark(#14181f, #eceef2);
  --soft: light-dark(#4d5663, #a9b1bd);
  --link: light-dark(#1646b8, #93b8ff);
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0 auto;
  max-width: 80rem;
  padding: 1rem;
  background: var(--ground);
  color: var(--ink);
  font: 16px / 1.5 system-ui, "DejaVu Sans", sans-serif;
  overflow-wrap: anywhere;
}
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; text-transform: capitalize; }
h3 { font-size: 1rem; margin: 0; }
h4 { font-size: 0.9rem; margin: 1rem 0 0.25rem; }
h4 span, small, p { color: var(--soft); font-weight: normal; }
a { color: var(--link); }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
code, .method { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 0.9em; }
.method { font-weight: 700; }
section {
  margin: 0.75rem 0;
  padding: 1rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 0.5rem;
}
section:target { border-color: var(--link); box-shadow: 0 0 0 1px var(--link); }
table { width: 100%; border-collapse: collapse; font-size: 0.9rem; }
th, td { padding: 0.35rem 0.5rem; border-top: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: normal; }
th { width: 40%; }
tr:target th { box-shadow: inset 3px 0 var(--link); }
nav ul { margin: 0; padding: 0; list-style: none; font-size: 0.85rem; }
nav li a { display: block; padding: 0.15rem 0; text-decoration: none; }
nav li a:hover { text-decoration: underline; }
nav h2 { margin: 1rem 0 0.25rem; font-size: 0.95rem; }
@media (min-width: 60rem) {
  body { display: grid; grid-template-columns: 20rem minmax(0, 1fr); gap: 0 2rem; }
  header { grid-column: 1 / -1; }
  nav { position: sticky; top: 0; max-height: 100vh; overflow-y: auto; padding-bottom: 1rem; }
}
`;
