import { type CallToolResult, McpServer, type ServerContext } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { type Clock, toRfc3339 } from '../core/clock.ts';
import { sha256Hex } from '../core/digest.ts';
import { add, deleteCustomers, type Item, type Outcome, refund, updateCustomer } from './company.ts';
import { cancelResearch, researchStanding, startResearch } from './research.ts';
import { work } from './slow-work.ts';
import type { CompanyStore } from './store.ts';
import { CREATIONS, type Creation, cents, LISTS, SLOW_CREATIONS, text } from './tools.ts';

function told(message: string, structured: Record<string, unknown>): CallToolResult {
  return {
    content: [{ type: 'text', text: `[Sandbox] ${message}` }],
    structuredContent: { sandbox: true, ...structured },
  };
}

function toldOutcome(outcome: Outcome): CallToolResult {
  if (outcome.kind === 'done') return told(outcome.text, { ...outcome.item });
  return { content: [{ type: 'text', text: `[Sandbox] ${outcome.text}` }], isError: true };
}

function listed(items: readonly Item[]): string {
  const lines = items.map(
    ({ id, ...fields }) =>
      `${id}: ${Object.values(fields)
        .filter((value) => value !== '')
        .join(', ')}`,
  );
  return lines.length === 0 ? 'none yet' : `\n${lines.join('\n')}`;
}

/** The sandbox company as an MCP server. Its tools do what they say, to records in `store` and nowhere else. */
export function createCompanyServer(deps: {
  store: CompanyStore;
  now: Clock;
  version: string;
  stepMs?: number;
}): McpServer {
  const { store, now, version, stepMs = 800 } = deps;
  const server = new McpServer(
    { name: 'sandbox-company', title: 'Sandbox company', version },
    { capabilities: { tools: {} } },
  );
  const today = () => toRfc3339(now());

  function tool<Shape extends z.ZodRawShape>(
    name: string,
    description: string,
    shape: Shape,
    run: (
      args: z.infer<z.ZodObject<Shape>>,
      context: ServerContext,
    ) => CallToolResult | Promise<CallToolResult>,
    destructiveHint = false,
  ): void {
    const config = {
      description: `Sandbox company: ${description} Nothing outside the sandbox happens.`,
      inputSchema: z.strictObject(shape),
      annotations: {
        readOnlyHint: /_(?:list|get|status)$/.test(name),
        destructiveHint,
        openWorldHint: false,
      },
    };
    server.registerTool(name, config, (args, context) => run(args as z.infer<z.ZodObject<Shape>>, context));
  }

  function create(creation: Creation, args: object): CallToolResult {
    const { collection, prefix, at, done } = creation;
    const fields = { ...(args as Omit<Item, 'id'>), [at]: today() };
    const say = ({ id }: Item) => `${done} as ${id}.`;
    return toldOutcome(store.change((company) => add(company, { collection, prefix, fields, text: say })));
  }

  for (const [name, { collection, what }] of Object.entries(LISTS)) {
    tool(name, `lists the ${what}.`, {}, () => {
      const items = store.read()[collection];
      return told(`${items.length} ${collection}: ${listed(items)}`, { [collection]: items });
    });
  }

  tool('customers_get', 'shows one customer.', { id: text('Customer id, such as cus_01') }, ({ id }) => {
    const customer = store.read().customers.find((other) => other.id === id);
    if (customer !== undefined) return told(listed([customer]).trim(), { ...customer });
    return toldOutcome({
      kind: 'refused',
      text: `There is no customer ${id}. Call customers_list for the ids there are.`,
    });
  });

  tool(
    'payments_refund',
    'refunds part or all of an invoice to its customer.',
    {
      invoice_id: text('Invoice id, such as inv_1008'),
      amount_cents: cents('How much to refund, in cents'),
      reason: text('Why, for the records', 500).optional(),
    },
    ({ invoice_id, amount_cents, reason = '' }) =>
      toldOutcome(
        store.change((company) =>
          refund(company, { invoiceId: invoice_id, cents: amount_cents, reason, at: today() }),
        ),
      ),
    true,
  );

  tool(
    'customers_bulk_delete',
    'deletes several customers for good.',
    { ids: z.array(text('Customer id')).min(1).max(100) },
    ({ ids }) => toldOutcome(store.change((company) => deleteCustomers(company, ids))),
    true,
  );

  const fields = {
    name: text('New name'),
    email: text('New address'),
    tier: z.enum(['bronze', 'silver', 'gold']),
    note: z.string().max(500),
  };
  tool(
    'customers_update',
    'changes fields of a customer.',
    { id: text('Customer id'), fields: z.strictObject(fields).partial().describe('The fields to change') },
    ({ id, fields: changes }) =>
      toldOutcome(store.change((company) => updateCustomer(company, id, changes as Record<string, string>))),
  );

  tool(
    'vault_reveal',
    'reveals a secret of the company vault in plain text.',
    { name: text('Which secret, such as smtp') },
    ({ name }) => {
      const value = `sandbox-${sha256Hex(`vault:${name}`).slice(0, 20)}`;
      return told(`The secret "${name}" is ${value}.`, { name, value });
    },
  );

  tool(
    'research_start',
    'begins a research and answers at once with its research_id; research_status tells how it goes.',
    { question: text('What to find out', 1_000) },
    ({ question }) => {
      const outcome = store.change((company) => startResearch(company, { question, now: now() }));
      if (outcome.kind === 'refused') return toldOutcome(outcome);
      return told(outcome.text, { research_id: outcome.item.id });
    },
  );

  const researchId = { research_id: text('Research id, such as rsc_0001') };
  tool('research_status', 'tells how a research stands.', researchId, ({ research_id: id }) => {
    const found = researchStanding(store.read(), { id, now: now(), stepMs });
    if ('kind' in found) return toldOutcome(found);
    const { status, step, steps, doing } = found.standing;
    const question = String(found.item.question);
    const report = status === 'done' ? { report: `The sandbox found nothing about: ${question}` } : {};
    const words = status === 'working' ? `${step} of ${steps}, ${doing}` : status;
    return told(`${id}: ${words}.`, { research_id: id, status, step, steps, doing, ...report });
  });

  tool('research_cancel', 'ends a research early.', researchId, ({ research_id: id }) =>
    toldOutcome(store.change((company) => cancelResearch(company, id))),
  );

  for (const [name, creation] of Object.entries(CREATIONS)) {
    tool(name, creation.description, creation.shape, (args) => create(creation, args));
  }
  for (const [name, creation] of Object.entries(SLOW_CREATIONS)) {
    const { description, shape, steps } = creation;
    const seconds = Math.ceil((steps.length * stepMs) / 1_000);
    tool(
      name,
      `${description} Takes ${seconds} s and tells of its progress.`,
      shape,
      async (args, context) => {
        await work(context, { steps, stepMs });
        return create(creation, args);
      },
    );
  }
  return server;
}
