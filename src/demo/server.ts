import { type CallToolResult, McpServer, type ServerContext } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { type Clock, toRfc3339 } from '../core/clock.ts';
import { sha256Hex } from '../core/digest.ts';
import {
  add,
  type Collection,
  deleteCustomers,
  type Item,
  type Outcome,
  refund,
  updateCustomer,
} from './company.ts';
import { work } from './slow-work.ts';
import type { CompanyStore } from './store.ts';

const LISTS: Readonly<Record<string, { collection: Collection; what: string }>> = {
  accounts_list: { collection: 'accounts', what: 'accounts that were signed up for on web sites' },
  cards_list: { collection: 'cards', what: 'payment cards' },
  companies_list: { collection: 'companies', what: 'company formations that were filed' },
  connections_list: { collection: 'connections', what: 'connected outside accounts' },
  customers_list: { collection: 'customers', what: 'customers' },
  deployments_list: { collection: 'deployments', what: 'deployments' },
  domains_list: { collection: 'domains', what: 'domain names' },
  images_list: { collection: 'images', what: 'generated images' },
  invoices_list: {
    collection: 'invoices',
    what: 'invoices with their customers, amounts and what was refunded',
  },
  refunds_list: { collection: 'refunds', what: 'refunds that were made' },
  reports_list: { collection: 'reports', what: 'research reports and SEO audits' },
};

const text = (describe: string, max = 200) => z.string().min(1).max(max).describe(describe);
const cents = (describe: string) => z.int().min(1).max(100_000_000).describe(describe);

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
      annotations: { readOnlyHint: /_(?:list|get)$/.test(name), destructiveHint, openWorldHint: false },
    };
    server.registerTool(name, config, (args, context) => run(args as z.infer<z.ZodObject<Shape>>, context));
  }

  function creates<Shape extends z.ZodRawShape>(
    name: string,
    input: {
      description: string;
      collection: Collection;
      prefix: string;
      shape: Shape;
      at: string;
      done: string;
    },
  ): void {
    const { description, collection, prefix, shape, at, done } = input;
    tool(name, description, shape, (args) => {
      const fields = { ...(args as Omit<Item, 'id'>), [at]: today() };
      return toldOutcome(
        store.change((company) =>
          add(company, { collection, prefix, fields, text: ({ id }) => `${done} as ${id}.` }),
        ),
      );
    });
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

  creates('cards_create', {
    description: 'issues a payment card.',
    shape: { name: text('What the card is for'), limit_cents: cents('Monthly limit in cents') },
    ...{ collection: 'cards', prefix: 'card', at: 'issued_at', done: 'Issued the card' },
  });
  creates('formation_submit', {
    description: 'files the formation of a company.',
    shape: {
      name: text('Legal name'),
      state: z
        .string()
        .regex(/^[A-Z]{2}$/)
        .describe('Two letters, such as DE'),
    },
    ...{ collection: 'companies', prefix: 'com', at: 'filed_at', done: 'Filed the formation' },
  });
  creates('domains_purchase', {
    description: 'buys a domain name.',
    shape: {
      domain: z
        .string()
        .regex(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/)
        .describe('Such as example.com'),
      years: z.int().min(1).max(10).default(1),
    },
    ...{ collection: 'domains', prefix: 'dom', at: 'bought_at', done: 'Bought the domain' },
  });
  creates('connections_connect', {
    description: 'connects an outside account.',
    shape: { provider: text('Such as mail or calendar'), account: text('Which account').optional() },
    ...{ collection: 'connections', prefix: 'con', at: 'connected_at', done: 'Connected the account' },
  });
  creates('browser_signup', {
    description: 'signs the company up on a web site.',
    shape: { url: z.url({ protocol: /^https?$/ }).max(500), email: text('Which address to use').optional() },
    ...{ collection: 'accounts', prefix: 'acc', at: 'signed_up_at', done: 'Signed up' },
  });
  creates('deployments_execute', {
    description: 'deploys a service.',
    shape: {
      service: text('Such as billing-api'),
      environment: z.enum(['staging', 'production']),
      version: text('What to deploy').optional(),
    },
    ...{ collection: 'deployments', prefix: 'dep', at: 'deployed_at', done: 'Deployed' },
  });

  function slow(
    name: string,
    input: {
      description: string;
      shape: z.ZodRawShape;
      collection: 'images' | 'reports';
      prefix: string;
      steps: readonly string[];
      done: string;
    },
  ): void {
    const { description, shape, collection, prefix, steps, done } = input;
    tool(
      name,
      `${description} Takes ${Math.ceil((steps.length * stepMs) / 1_000)} s and tells of its progress.`,
      shape,
      async (args, context) => {
        await work(context, { steps, stepMs });
        const record = { ...(args as Omit<Item, 'id'>), kind: name, made_at: today() };
        return toldOutcome(
          store.change((company) =>
            add(company, { collection, prefix, fields: record, text: ({ id }) => `${done} ${id}.` }),
          ),
        );
      },
    );
  }

  slow('image_generate', {
    description: 'draws an image.',
    shape: { prompt: text('What to draw', 1_000) },
    ...{
      collection: 'images',
      prefix: 'img',
      steps: ['sketching', 'drawing', 'colouring', 'finishing'],
      done: 'Drew the image',
    },
  });
  slow('research_run', {
    description: 'researches a question.',
    shape: { question: text('What to find out', 1_000).optional() },
    ...{
      collection: 'reports',
      prefix: 'rep',
      steps: ['searching', 'reading', 'comparing', 'checking', 'writing'],
      done: 'Wrote the report',
    },
  });
  slow('seo_audit', {
    description: 'audits a web site for search engines.',
    shape: {
      url: z
        .url({ protocol: /^https?$/ })
        .max(500)
        .optional(),
    },
    ...{
      collection: 'reports',
      prefix: 'rep',
      steps: ['crawling', 'measuring', 'rating'],
      done: 'Wrote the audit',
    },
  });
  return server;
}
