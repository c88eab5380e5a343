import { html } from 'hono/html';

/** A piece of a page, escaped. */
export type Html = ReturnType<typeof html>;

/** An OpenAPI 3.1 document or a part of one, as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: a document's shape is its schema's, which no type here could say better.
export type Json = any;

export function anchorOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

function refName(schema: Json): string | undefined {
  return typeof schema?.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined;
}

/** What a value may be, in a few words: `text`, `list of Session`, `"a" or "b"`. */
export function typeText(schema: Json): string {
  const named = refName(schema);
  if (named !== undefined) return named;
  if (schema?.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema?.enum)) return schema.enum.map((one: Json) => JSON.stringify(one)).join(' or ');
  const parts: Json[] | undefined = schema?.anyOf ?? schema?.oneOf ?? schema?.allOf;
  if (parts !== undefined)
    return [...new Set(parts.map(typeText))].join(schema.allOf === undefined ? ' or ' : ' with ');
  const types: string[] = [schema?.type ?? []].flat();
  if (types.length === 0) return 'anything';
  return types.map((type) => (type === 'array' ? `list of ${typeText(schema.items)}` : type)).join(' or ');
}

function boundsText(schema: Json): string {
  const bounds = [
    schema?.minimum !== undefined ? `from ${schema.minimum}` : '',
    schema?.maximum !== undefined ? `to ${schema.maximum}` : '',
    schema?.maxLength !== undefined ? `at most ${schema.maxLength} characters` : '',
    schema?.default !== undefined ? `${JSON.stringify(schema.default)} unless given` : '',
  ].filter((one) => one !== '');
  return bounds.length === 0 ? '' : `, ${bounds.join(', ')}`;
}

function typeView(schema: Json): Html {
  const inner = schema?.type === 'array' ? schema.items : schema;
  const name = refName(inner);
  const text = typeText(schema);
  return name === undefined
    ? html`${text}${boundsText(schema)}`
    : html`<a href="#schema-${anchorOf(name)}">${text}</a>`;
}

/** The members of an object, those of every part of an `allOf` included. */
function membersOf(schema: Json): { name: string; schema: Json; isRequired: boolean }[] {
  const own = Object.entries(schema?.properties ?? {}).map(([name, member]) => ({
    name,
    schema: member,
    isRequired: (schema.required ?? []).includes(name),
  }));
  return [...own, ...(schema?.allOf ?? []).flatMap(membersOf)];
}

/** A table of an object's members, or what the value is where it has none. */
export function schemaView(schema: Json): Html {
  const inner = schema?.type === 'array' ? schema.items : schema;
  const members = membersOf(inner);
  const bases: Html[] = (inner?.allOf ?? []).filter(refName).map(typeView);
  if (members.length === 0) return html`<p>${typeView(schema)}</p>`;
  return html`${bases.length === 0 ? '' : html`<p>Everything of ${bases}, and:</p>`}
    <table>
      ${members.map(
        (one) => html`<tr>
          <th scope="row"><code>${one.name}</code>${one.isRequired ? '' : html` <small>optional</small>`}</th>
          <td>${typeView(one.schema)}${one.schema?.description ? html`. ${one.schema.description}` : ''}</td>
        </tr>`,
      )}
    </table>`;
}
