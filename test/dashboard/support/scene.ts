import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { type LaunchedBrowser, launchBrowser } from '../../support/browser.ts';
import { type FakeGateway, openFakeGateway } from './fake-gateway.ts';
import { enrolBy, openVisit, type Visit } from './visit.ts';

/** One browser for the file; for each test a gateway and Ada at a page of her own. */
export interface Scene {
  readonly launched: LaunchedBrowser;
  readonly gateway: FakeGateway;
  readonly ada: Visit;
  enrolAda(): Promise<void>;
  approve(visit?: Visit): Locator;
  row(id: string): Locator;
  /** Opens a call and scrolls to its end. */
  openCall(id: string, visit?: Visit): Promise<void>;
  scrollToEnd(visit?: Visit): Promise<void>;
  /** Waits until buttons act again after the call has come up, by the one that needs nothing else. */
  rested(visit?: Visit): Promise<void>;
}

/** Registers the hooks of a file; after each test nothing may have been reported by the page's policy or console. */
export function useScene(): Scene {
  const scene = {
    enrolAda: async () => enrolBy(scene.ada, await scene.gateway.enrolUrl()),
    approve: (visit = scene.ada) => visit.page.getByRole('button', { name: 'Approve with passkey' }),
    row: (id) => scene.ada.page.locator(`#row-${id}`),
    async openCall(id, visit = scene.ada) {
      await visit.page.goto(`${scene.gateway.origin}/approvals/${id}`);
      await scene.scrollToEnd(visit);
    },
    scrollToEnd: (visit = scene.ada) =>
      visit.page.getByText('End of the call', { exact: true }).scrollIntoViewIfNeeded(),
    rested: async (visit = scene.ada) => {
      const deny = visit.page.getByRole('button', { name: 'Deny…' });
      await expect.poll(() => deny.isEnabled()).toBe(true);
    },
  } as Scene & { launched: LaunchedBrowser; gateway: FakeGateway; ada: Visit };
  beforeAll(async () => {
    scene.launched = await launchBrowser();
  });
  afterAll(async () => scene.launched.close());
  beforeEach(async () => {
    scene.gateway = await openFakeGateway();
    scene.ada = await openVisit(scene.launched.browser, scene.gateway);
  });
  afterEach(async () => {
    const faults = [...scene.ada.faults];
    await scene.ada.close();
    await scene.gateway.close();
    expect(faults).toEqual([]);
  });
  return scene;
}
