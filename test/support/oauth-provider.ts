import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OAuthClientProvider } from '@modelcontextprotocol/client';
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import type { OAuthClientProvider as LegacyProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

/** Where a person's browser comes back to, on this computer. */
export interface Callback {
  readonly url: string;
  /** The first redirect that arrives. */
  readonly arrived: Promise<URL>;
  close(): void;
}

export async function openCallback(): Promise<Callback> {
  const { promise, resolve } = Promise.withResolvers<URL>();
  const server = createServer((request, response) => {
    const at = new URL(request.url ?? '/', 'http://127.0.0.1');
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>Back</title><h1>You are back in the application</h1>');
    if (at.pathname === '/callback') resolve(at);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`,
    arrived: promise,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** What an application keeps of a connection, as the SDKs ask for it, and where it sends the person. */
export interface KeptProvider {
  readonly provider: OAuthClientProvider;
  readonly kept: Map<string, any>;
  /** Where the SDK sent the person, once it did. */
  sentTo(): URL | undefined;
}

/** A provider in memory. With `documentUrl` the application has a metadata document and need not register. */
export function memoryProvider(redirectUrl: string, documentUrl?: string): KeptProvider {
  const kept = new Map<string, any>();
  const provider: OAuthClientProvider = {
    redirectUrl,
    ...(documentUrl === undefined ? {} : { clientMetadataUrl: documentUrl }),
    clientMetadata: {
      client_name: 'SDK agent',
      redirect_uris: [redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    state: () => 'state-of-the-application',
    clientInformation: () => kept.get('client'),
    saveClientInformation: (client) => void kept.set('client', client),
    tokens: () => kept.get('tokens'),
    saveTokens: (tokens) => void kept.set('tokens', tokens),
    redirectToAuthorization: (url) => void kept.set('url', url),
    saveCodeVerifier: (verifier) => void kept.set('verifier', verifier),
    codeVerifier: () => kept.get('verifier'),
    saveDiscoveryState: (state) => void kept.set('discovery', state),
    discoveryState: () => kept.get('discovery'),
    saveAuthorizationServerUrl: (url) => void kept.set('issuer', url),
    authorizationServerUrl: () => kept.get('issuer'),
    saveResourceUrl: (url) => void kept.set('resource', url),
    resourceUrl: () => kept.get('resource'),
  };
  return { provider, kept, sentTo: () => kept.get('url') };
}

type AnyClient = { callTool(call: { name: string; arguments?: any }): Promise<any>; close(): Promise<void> };

/** One of the SDKs, reduced to what connecting by a plain address needs. */
export interface SdkLine {
  readonly name: string;
  /** Connects, or throws when the person has to be asked first. */
  connect(url: string, provider: OAuthClientProvider): Promise<AnyClient>;
  /** Hands in what the browser came back with. */
  finish(url: string, provider: OAuthClientProvider, redirect: URL): Promise<void>;
}

export const V1: SdkLine = {
  name: 'v1',
  async connect(url, provider) {
    const client = new LegacyClient({ name: 'v1-agent', version: '1.0.0' });
    const authProvider = provider as LegacyProvider;
    const transport = new LegacyTransport(new URL(url), { authProvider });
    await client.connect(transport as Parameters<LegacyClient['connect']>[0]);
    return client as AnyClient;
  },
  finish(url, provider, redirect) {
    const transport = new LegacyTransport(new URL(url), { authProvider: provider as LegacyProvider });
    return transport.finishAuth(redirect.searchParams.get('code') ?? '');
  },
};

export const V2: SdkLine = {
  name: 'v2',
  async connect(url, authProvider) {
    const client = new ModernClient(
      { name: 'v2-agent', version: '1.0.0' },
      { versionNegotiation: { mode: 'auto' } },
    );
    await client.connect(new ModernTransport(new URL(url), { authProvider }));
    return client as AnyClient;
  },
  finish(url, authProvider, redirect) {
    return new ModernTransport(new URL(url), { authProvider }).finishAuth(redirect.searchParams);
  },
};
