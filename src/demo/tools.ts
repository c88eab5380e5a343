import { z } from 'zod';
import type { Collection } from './company.ts';

/** The tools that list a collection. */
export const LISTS: Readonly<Record<string, { collection: Collection; what: string }>> = {
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

export const text = (describe: string, max = 200) => z.string().min(1).max(max).describe(describe);
export const cents = (describe: string) => z.int().min(1).max(100_000_000).describe(describe);
const address = () => z.url({ protocol: /^https?$/ }).max(500);

/** A tool that adds one record made of its arguments. */
export interface Creation {
  readonly description: string;
  readonly collection: Collection;
  readonly prefix: string;
  readonly shape: z.ZodRawShape;
  /** The member that holds when it was done. */
  readonly at: string;
  readonly done: string;
}

export const CREATIONS: Readonly<Record<string, Creation>> = {
  cards_create: {
    description: 'issues a payment card.',
    shape: { name: text('What the card is for'), limit_cents: cents('Monthly limit in cents') },
    collection: 'cards',
    prefix: 'card',
    at: 'issued_at',
    done: 'Issued the card',
  },
  formation_submit: {
    description: 'files the formation of a company.',
    shape: {
      name: text('Legal name'),
      state: z
        .string()
        .regex(/^[A-Z]{2}$/)
        .describe('Two letters, such as DE'),
    },
    collection: 'companies',
    prefix: 'com',
    at: 'filed_at',
    done: 'Filed the formation',
  },
  domains_purchase: {
    description: 'buys a domain name.',
    shape: {
      domain: z
        .string()
        .regex(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/)
        .describe('Such as example.com'),
      years: z.int().min(1).max(10).default(1),
    },
    collection: 'domains',
    prefix: 'dom',
    at: 'bought_at',
    done: 'Bought the domain',
  },
  connections_connect: {
    description: 'connects an outside account.',
    shape: { provider: text('Such as mail or calendar'), account: text('Which account').optional() },
    collection: 'connections',
    prefix: 'con',
    at: 'connected_at',
    done: 'Connected the account',
  },
  browser_signup: {
    description: 'signs the company up on a web site.',
    shape: { url: address(), email: text('Which address to use').optional() },
    collection: 'accounts',
    prefix: 'acc',
    at: 'signed_up_at',
    done: 'Signed up',
  },
  deployments_execute: {
    description: 'deploys a service.',
    shape: {
      service: text('Such as billing-api'),
      environment: z.enum(['staging', 'production']),
      version: text('What to deploy').optional(),
    },
    collection: 'deployments',
    prefix: 'dep',
    at: 'deployed_at',
    done: 'Deployed',
  },
};

/** A creation that takes its time, step by step. */
export type SlowCreation = Creation & { readonly steps: readonly string[] };

export const SLOW_CREATIONS: Readonly<Record<string, SlowCreation>> = {
  image_generate: {
    description: 'draws an image.',
    shape: { prompt: text('What to draw', 1_000) },
    collection: 'images',
    prefix: 'img',
    at: 'made_at',
    done: 'Drew the image',
    steps: ['sketching', 'drawing', 'colouring', 'finishing'],
  },
  research_run: {
    description: 'researches a question.',
    shape: { question: text('What to find out', 1_000).optional() },
    collection: 'reports',
    prefix: 'rep',
    at: 'made_at',
    done: 'Wrote the report',
    steps: ['searching', 'reading', 'comparing', 'checking', 'writing'],
  },
  seo_audit: {
    description: 'audits a web site for search engines.',
    shape: { url: address().optional() },
    collection: 'reports',
    prefix: 'rep',
    at: 'made_at',
    done: 'Wrote the audit',
    steps: ['crawling', 'measuring', 'rating'],
  },
};
