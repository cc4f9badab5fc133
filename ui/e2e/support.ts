import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { AxeBuilder } from '@axe-core/playwright'
import { expect, test as base, type APIRequestContext, type Page } from '@playwright/test'

import type { components } from '../src/api/schema.gen'

type Schema<Name extends keyof components['schemas']> = components['schemas'][Name]

/** Who signs in. */
export const admin = {
  username: process.env.ADMIN_USER ?? 'admin',
  password: readFileSync(
    process.env.ADMIN_PASSWORD_FILE ?? '../.toygres/secrets/admin-password',
    'utf8',
  ).trim(),
}

/** The API as a program uses it, to prepare what a test looks at and to clean up after it. */
export class Api {
  private readonly created = new Set<string>()
  private readonly users = new Set<string>()

  constructor(private readonly request: APIRequestContext) {}

  /** Begins to create an instance and returns the id of the operation. */
  async create(name: string, over: Partial<Schema<'CreateInstanceRequest'>> = {}): Promise<string> {
    this.created.add(name)
    const response = await this.request.post('/api/instances', { data: { name, ...over } })
    expect(response.status(), await response.text()).toBe(202)
    return ((await response.json()) as Schema<'Operation'>).id
  }

  async createRunning(name: string, over: Partial<Schema<'CreateInstanceRequest'>> = {}): Promise<void> {
    await this.create(name, over)
    await this.reaches(name, 'running')
  }

  async reaches(name: string, state: Schema<'InstanceState'>): Promise<void> {
    await expect.poll(() => this.stateOf(name), { timeout: 90_000, intervals: [200] }).toBe(state)
  }

  async stop(name: string): Promise<void> {
    expect((await this.request.post(`/api/instances/${name}/stop`)).status()).toBe(200)
    await this.reaches(name, 'stopped')
  }

  /** Whether instances can be forked where they live. */
  async forks(): Promise<boolean> {
    const response = await this.request.get('/api/offer')
    return ((await response.json()) as Schema<'Offer'>).forks === true
  }

  /** The registry of which images may be run; undefined where none may. */
  async registry(): Promise<string | undefined> {
    const response = await this.request.get('/api/offer')
    return ((await response.json()) as Schema<'Offer'>).runtime_registry
  }

  async resize(name: string, to: Schema<'UpdateInstanceRequest'>): Promise<void> {
    await this.beginResize(name, to)
    await this.reaches(name, 'running')
  }

  /** Begins to resize an instance and returns the id of the operation. */
  async beginResize(name: string, to: Schema<'UpdateInstanceRequest'>): Promise<string> {
    const response = await this.request.patch(`/api/instances/${name}`, { data: to })
    expect(response.status(), await response.text()).toBe(202)
    return ((await response.json()) as Schema<'Operation'>).id
  }

  /** The file that tells the provider local how an instance should be, to meddle with; nothing with another provider. */
  async recordOf(name: string): Promise<string | undefined> {
    const system = (await (await this.request.get('/api/system')).json()) as Schema<'System'>
    if (system.provider !== 'local') return undefined
    const folder = system.settings.find((setting) => setting.name === 'TOYGRES_LOCAL_DIR')?.value ?? ''
    const response = await this.request.get(`/api/instances/${name}`)
    return path.join(folder, ((await response.json()) as Schema<'Instance'>).id, 'spec.json')
  }

  async protect(name: string, deletion_protection: boolean): Promise<void> {
    const data = { deletion_protection }
    expect((await this.request.patch(`/api/instances/${name}`, { data })).status()).toBe(200)
  }

  /** Deletes for good. */
  async delete(name: string): Promise<void> {
    expect((await this.request.delete(`/api/instances/${name}?purge=true`)).status()).toBe(202)
  }

  /** The state of the instance called name; "gone" when there is none. */
  async stateOf(name: string): Promise<string> {
    const response = await this.request.get(`/api/instances/${name}`)
    if (response.status() === 404) return 'gone'
    return ((await response.json()) as Schema<'Instance'>).state
  }

  /** Kind and state of the operation on the instance that was asked for last. */
  async lastOperation(name: string): Promise<string> {
    const last = await this.last(name)
    return `${last?.kind} ${last?.state}`
  }

  async lastOperationID(name: string): Promise<string> {
    return (await this.last(name))?.id ?? ''
  }

  /** Creates an instance that fails because it is cancelled; where it was done before that, another one. */
  async createFailed(): Promise<string> {
    for (let i = 0; i < 10; i++) {
      const name = newName()
      await this.create(name)
      await this.request.post(`/api/operations/${await this.lastOperationID(name)}/cancel`)
      await expect
        .poll(async () => ['running', 'failed'].includes(await this.stateOf(name)), { timeout: 90_000 })
        .toBe(true)
      if ((await this.stateOf(name)) === 'failed') return name
    }
    throw new Error('every creation was done before it could be cancelled')
  }

  private async last(name: string): Promise<Schema<'Operation'> | undefined> {
    const response = await this.request.get(`/api/operations?instance=${name}&limit=1`)
    return ((await response.json()) as Schema<'OperationList'>).items[0]
  }

  /** The connection URL of the instance, with the password. */
  async urlOf(name: string): Promise<string> {
    const response = await this.request.post(`/api/instances/${name}/connection/reveal`)
    return ((await response.json()) as Schema<'Connection'>).url
  }

  /** The name will be made by the page; it is cleaned up too. */
  adopt(name: string): string {
    this.created.add(name)
    return name
  }

  /** Adds an operator and returns the password. */
  async createUser(name: string): Promise<string> {
    this.users.add(name)
    const user = { name, password: `of ${name}`, role: 'operator' }
    expect((await this.request.post('/api/users', { data: user })).status()).toBe(201)
    return user.password
  }

  /** Guesses at the password of a user until nobody may any more. */
  async lockOut(name: string): Promise<void> {
    await expect
      .poll(
        async () => {
          const guess = { username: name, password: 'a wrong guess' }
          return (await this.request.post('/api/sessions', { data: guess })).status()
        },
        { timeout: 90_000, intervals: [0] },
      )
      .toBe(429)
    // Whoever signs in after this test, from the same address, is not to be counted as guessing.
    const audit = await this.request.get(`/api/audit?action=signIn&user=${name}&limit=1`)
    const [guess] = ((await audit.json()) as Schema<'AuditList'>).items
    const forgotten = await this.request.delete(`/api/locked-addresses/${guess?.address}`)
    expect(forgotten.status()).toBe(204)
  }

  async removeCreated(): Promise<void> {
    for (const name of this.users) {
      expect((await this.request.delete(`/api/users/${name}`)).status()).toBe(204)
    }
    this.users.clear()
    for (const name of this.created) {
      const settled = ['running', 'stopped', 'failed', 'trashed', 'gone']
      await expect
        .poll(async () => settled.includes(await this.stateOf(name)), { timeout: 90_000, intervals: [200] })
        .toBe(true)
      if ((await this.stateOf(name)) === 'gone') continue
      await this.delete(name)
      await expect.poll(() => this.stateOf(name), { timeout: 90_000, intervals: [200] }).toBe('gone')
    }
    this.created.clear()
  }
}

/** Writes a file so that whoever reads it sees the old or the new text. */
export function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

let counter = 0

/** A name that no other test uses. */
export function newName(): string {
  return `ui-${Date.now().toString(36)}-${++counter}`
}

interface Fixtures {
  api: Api
  /** Fails the test when the page threw, or did what the Content-Security-Policy forbids. */
  noTrouble: undefined
}

export const test = base.extend<Fixtures>({
  api: async ({ playwright, baseURL }, use) => {
    const request = await playwright.request.newContext({ ...(baseURL && { baseURL }) })
    expect((await request.post('/api/sessions', { data: admin })).status()).toBe(200)
    const api = new Api(request)
    await use(api)
    await api.removeCreated()
    await request.dispose()
  },
  page: async ({ page }, use) => {
    await use(page)
    // What the page asks while it is closed may be on its way through a route of the test.
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  },
  noTrouble: [
    async ({ context }, use) => {
      const trouble: string[] = []
      context.on('weberror', (error) => trouble.push(error.error().message))
      context.on('console', (message) => {
        if (message.text().includes('Content Security Policy')) trouble.push(message.text())
      })
      context.on('dialog', (dialog) => {
        trouble.push(`a dialog opened: ${dialog.message()}`)
        void dialog.dismiss()
      })
      await use(undefined)
      expect(trouble).toEqual([])
    },
    { auto: true },
  ],
})

export { expect }

/** Signs in without the page, as most tests need it. */
export async function signIn(page: Page): Promise<void> {
  const response = await page.request.post('/api/sessions', { data: admin })
  expect(response.status()).toBe(200)
}

/** Fills in the sign-in page. */
export async function fillSignIn(page: Page, password: string, username = admin.username): Promise<void> {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** Goes to a page by the navigation, which a phone keeps in a menu. */
export async function goTo(page: Page, name: string): Promise<void> {
  const menu = page.getByRole('button', { name: 'Menu', exact: true })
  const link = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name })
  await expect(menu.or(link).first()).toBeVisible()
  if (await menu.isVisible()) await menu.click()
  await link.click()
}

/** Waits until the page is fed by the event stream. */
export async function isLive(page: Page): Promise<void> {
  await expect(page.getByTestId('live-status')).toHaveText('Live')
}

/** Downloads into folder the CA certificate that the page offers, and returns its path; nothing where there is none. */
export async function saveAuthority(page: Page, folder: string): Promise<string | undefined> {
  const button = page.getByRole('button', { name: 'Download CA certificate' })
  if ((await button.count()) === 0) return undefined
  const download = page.waitForEvent('download')
  await button.click()
  const file = path.join(folder, (await download).suggestedFilename())
  await (await download).saveAs(file)
  return file
}

/** The page breaks no rule of WCAG 2.2 A and AA that axe knows, and fits its width. */
export async function isAccessible(page: Page, what: 'all' | 'colours' = 'all'): Promise<void> {
  // Colours of an animation's middle are nobody's. Waiting for its end takes for ever where the browser draws no frame.
  await page.evaluate(() => {
    for (const animation of document.getAnimations()) {
      if (animation.effect?.getTiming().iterations !== Infinity) animation.finish()
    }
  })
  const axe = new AxeBuilder({ page })
  if (what === 'colours') axe.withRules('color-contrast')
  else axe.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
  const result = await axe.analyze()
  const serious = result.violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)
  expect(serious).toEqual([])
  expect(
    await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
  ).toBe(0)
}
