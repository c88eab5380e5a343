/** A record of the sandbox company; amounts are in cents, times RFC 3339. */
export type Item = { readonly id: string } & Readonly<
  Record<string, string | number | boolean | readonly string[]>
>;

export type Collection =
  | 'invoices'
  | 'customers'
  | 'refunds'
  | 'cards'
  | 'companies'
  | 'domains'
  | 'connections'
  | 'accounts'
  | 'deployments'
  | 'images'
  | 'reports'
  | 'researches';

/** All that the sandbox company has. A change makes a new value. */
export type Company = Readonly<Record<Collection, readonly Item[]>> & { readonly made: number };

/** What an operation did, or a sentence that says why not and what to do instead. */
export type Outcome =
  | { readonly kind: 'done'; readonly company: Company; readonly item: Item; readonly text: string }
  | { readonly kind: 'refused'; readonly text: string };

const CUSTOMERS: readonly Item[] = [
  { id: 'cus_01', name: 'Northwind Traders', email: 'accounts@northwind.example', tier: 'gold', note: '' },
  { id: 'cus_02', name: 'Blue Heron Books', email: 'hello@blueheron.example', tier: 'silver', note: '' },
  { id: 'cus_03', name: 'Harbor Robotics', email: 'ap@harbor-robotics.example', tier: 'gold', note: '' },
  { id: 'cus_04', name: 'Cedar & Slate', email: 'office@cedarslate.example', tier: 'bronze', note: '' },
];

const INVOICES: readonly (readonly [
  id: string,
  customer: string,
  cents: number,
  day: string,
  what: string,
])[] = [
  ['inv_1008', 'cus_03', 1_240_000, '2026-09-28', 'Controller boards, 40 units'],
  ['inv_1007', 'cus_01', 486_000, '2026-09-21', 'Quarterly supply contract'],
  ['inv_1006', 'cus_02', 89_900, '2026-09-14', 'Annual catalogue licence'],
  ['inv_1005', 'cus_01', 64_250, '2026-09-02', 'Express freight'],
  ['inv_1004', 'cus_04', 31_900, '2026-08-27', 'Workshop for two'],
  ['inv_1003', 'cus_02', 18_500, '2026-08-19', 'Reading lamps'],
  ['inv_1002', 'cus_04', 9_900, '2026-08-11', 'Sample box'],
  ['inv_1001', 'cus_03', 4_200, '2026-08-03', 'Spare parts'],
];

/** The company as every sandbox begins. */
export function newCompany(): Company {
  const nameOf = (id: string) => String(CUSTOMERS.find((customer) => customer.id === id)?.name);
  return {
    made: 0,
    customers: CUSTOMERS,
    invoices: INVOICES.map(([id, customer_id, amount_cents, issued_on, description]) => ({
      id,
      customer_id,
      customer: nameOf(customer_id),
      description,
      issued_on,
      amount_cents,
      refunded_cents: 0,
      status: 'paid',
    })),
    refunds: [],
    cards: [],
    companies: [],
    domains: [],
    connections: [],
    accounts: [],
    deployments: [],
    images: [],
    reports: [],
    researches: [],
  };
}

export function refused(text: string): Outcome {
  return { kind: 'refused', text };
}

/** Adds a record with the next id, such as `card_0003`. */
export function add(
  company: Company,
  input: { collection: Collection; prefix: string; fields: Omit<Item, 'id'>; text: (item: Item) => string },
): Outcome {
  const { collection, prefix, fields, text } = input;
  const made = company.made + 1;
  const item = { ...fields, id: `${prefix}_${String(made).padStart(4, '0')}` } as Item;
  return {
    kind: 'done',
    company: { ...company, made, [collection]: [...company[collection], item] },
    item,
    text: text(item),
  };
}

export function money(cents: number): string {
  return `${(cents / 100).toFixed(2)} USD`;
}

/** Gives back part of an invoice, never more than is left of it. */
export function refund(
  company: Company,
  input: { invoiceId: string; cents: number; reason: string; at: string },
): Outcome {
  const { invoiceId, cents, reason, at } = input;
  const invoice = company.invoices.find(({ id }) => id === invoiceId);
  if (invoice === undefined)
    return refused(`There is no invoice ${invoiceId}. Call invoices_list for the ids there are.`);
  const refunded = Number(invoice.refunded_cents);
  const left = Number(invoice.amount_cents) - refunded;
  if (cents > left) {
    return refused(
      `Invoice ${invoiceId} has ${left} cents left to refund, not ${cents}. Ask for at most ${left} cents.`,
    );
  }
  const status = cents === left ? 'refunded' : 'partly_refunded';
  const changed = { ...invoice, refunded_cents: refunded + cents, status };
  const invoices = company.invoices.map((other) => (other.id === invoiceId ? changed : other));
  return add(
    { ...company, invoices },
    {
      collection: 'refunds',
      prefix: 'ref',
      fields: {
        invoice_id: invoiceId,
        customer: String(invoice.customer),
        amount_cents: cents,
        reason,
        refunded_at: at,
      },
      text: (item) => `Refunded ${money(cents)} of ${invoiceId} to ${invoice.customer} as ${item.id}.`,
    },
  );
}

/** Deletes the named customers, or none when one of them is unknown. */
export function deleteCustomers(company: Company, ids: readonly string[]): Outcome {
  const unknown = ids.filter((id) => !company.customers.some((customer) => customer.id === id));
  if (unknown.length > 0) {
    return refused(
      `There is no customer ${unknown.join(', ')}, so nothing was deleted. Call customers_list for the ids there are.`,
    );
  }
  const customers = company.customers.filter(({ id }) => !ids.includes(id));
  const item = { id: 'deleted', ids, remaining: customers.length };
  return {
    kind: 'done',
    company: { ...company, customers },
    item,
    text: `Deleted ${ids.length} customers: ${ids.join(', ')}.`,
  };
}

/** Changes fields of one customer's record. */
export function updateCustomer(
  company: Company,
  id: string,
  fields: Readonly<Record<string, string>>,
): Outcome {
  const customer = company.customers.find((other) => other.id === id);
  if (customer === undefined)
    return refused(`There is no customer ${id}. Call customers_list for the ids there are.`);
  const item: Item = { ...customer, ...fields, id };
  const customers = company.customers.map((other) => (other.id === id ? item : other));
  return {
    kind: 'done',
    company: { ...company, customers },
    item,
    text: `Changed ${Object.keys(fields).join(', ')} of ${id}.`,
  };
}
