import { html } from 'hono/html';
import { anchorOf, type Html, type Json, schemaView, typeText } from './schema-view.ts';

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly spec: Json;
}

/** One kind of problem, for the list of them. */
export interface ProblemKind {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly advice: string;
}

function operationsByTag(document: Json): Map<string, Operation[]> {
  const byTag = new Map<string, Operation[]>();
  for (const [path, methods] of Object.entries<Json>(document.paths)) {
    for (const [method, spec] of Object.entries<Json>(methods)) {
      const tag = spec.tags?.[0] ?? 'other';
      byTag.set(tag, [...(byTag.get(tag) ?? []), { method: method.toUpperCase(), path, spec }]);
    }
  }
  return byTag;
}

const anchor = ({ method, path }: Operation): string => `op-${anchorOf(`${method} ${path}`)}`;

function parametersView(parameters: readonly Json[]): Html | string {
  if (parameters.length === 0) return '';
  return html`<h4>Parameters</h4>
    <table>
      ${parameters.map(
        (one) => html`<tr>
          <th scope="row"><code>${one.name}</code> <small>${one.in}${one.required ? '' : ', optional'}</small></th>
          <td>${typeText(one.schema)}</td>
        </tr>`,
      )}
    </table>`;
}

function contentView(content: Json): Html | string {
  const [mediaType, body] = Object.entries<Json>(content ?? {})[0] ?? [];
  if (mediaType === undefined) return '';
  return html`<p><code>${mediaType}</code></p>
    ${schemaView(body.schema)}`;
}

function answersView(responses: Json): Html[] {
  return Object.entries<Json>(responses)
    .filter(([status]) => status !== 'default')
    .map(
      ([status, answer]) => html`<h4>${status} <span>${answer.description}</span></h4>
        ${contentView(answer.content)}`,
    );
}

function operationView(operation: Operation): Html {
  const { method, path, spec } = operation;
  const isOpen = Array.isArray(spec.security) && spec.security.length === 0;
  return html`<section id="${anchor(operation)}">
    <h3><span class="method">${method}</span> <code>${path}</code></h3>
    <p>${spec.summary ?? ''}${isOpen ? '. Needs no credentials' : ''}.</p>
    ${parametersView(spec.parameters ?? [])}
    ${
      spec.requestBody === undefined
        ? ''
        : html`<h4>Body</h4>
            ${contentView(spec.requestBody.content)}`
    }
    ${answersView(spec.responses)}
  </section>`;
}

function problemsView(problems: readonly ProblemKind[]): Html {
  return html`<h2 id="problems">Problems</h2>
    <p>
      Whatever is refused is answered with a problem document (RFC 9457): <code>detail</code> says what happened and what
      to do, <code>code</code> is one of these.
    </p>
    <table>
      ${problems.map(
        (one) => html`<tr id="problem-${anchorOf(one.code)}">
          <th scope="row"><code>${one.code}</code> <small>${one.status}</small></th>
          <td>${one.title}. ${one.advice}</td>
        </tr>`,
      )}
    </table>`;
}

/** The API's reference as one page without a script, made of its OpenAPI document. */
export function referencePage(document: Json, problems: readonly ProblemKind[]): Html {
  const tags = [...operationsByTag(document)];
  const schemas = Object.entries<Json>(document.components?.schemas ?? {});
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${document.info.title} API ${document.info.version}</title>
        <link rel="stylesheet" href="/docs/style.css" />
      </head>
      <body>
        <header>
          <h1>${document.info.title} API <small>${document.info.version}</small></h1>
          <p>
            ${document.info.description} The same as a document for programs:
            <a href="/v1/openapi.json">/v1/openapi.json</a> (OpenAPI 3.1).
          </p>
        </header>
        <nav aria-label="Operations">
          ${tags.map(
            ([tag, operations]) => html`<h2>${tag}</h2>
              <ul>
                ${operations.map(
                  (one) => html`<li>
                    <a href="#${anchor(one)}"><span class="method">${one.method}</span> ${one.path}</a>
                  </li>`,
                )}
              </ul>`,
          )}
          <h2>more</h2>
          <ul>
            <li><a href="#problems">Problems</a></li>
            <li><a href="#schemas">Schemas</a></li>
          </ul>
        </nav>
        <main>
          ${tags.map(
            ([tag, operations]) => html`<h2>${tag}</h2>
              ${operations.map(operationView)}`,
          )}
          ${problemsView(problems)}
          <h2 id="schemas">Schemas</h2>
          ${schemas.map(
            ([name, schema]) => html`<section id="schema-${anchorOf(name)}">
              <h3>${name}</h3>
              ${schemaView(schema)}
            </section>`,
          )}
        </main>
      </body>
    </html>`;
}
