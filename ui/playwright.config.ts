import { defineConfig, devices } from '@playwright/test'

// The tests run against a real, running stack only: there is no mocked API.
// BASE_URL               where it is (default http://127.0.0.1:8080)
// ADMIN_USER             who signs in (default admin)
// ADMIN_PASSWORD_FILE    the file that holds the password (default ../.toygres/secrets/admin-password)
// CHROMIUM               the browser (default /usr/bin/chromium)
// CONNECTION_URL_FILE    where the connection URL of a new instance is written for others to try; its instance then
//                        stays. Nothing is written when unset.
// PROVIDER               the title of an OpenID Connect provider: only how one signs in with that is tested
const baseURL = process.env.BASE_URL ?? 'http://127.0.0.1:8080'
const testMatch = process.env.PROVIDER ? 'provider.ts' : '*.spec.ts'
const screenshots = process.env.SCREENSHOTS === '1'

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  // One after another: they share one stack, and watch what the others would change.
  workers: 1,
  fullyParallel: false,
  forbidOnly: !!process.env.CI,
  retries: 0,
  // For a busy machine: nothing waits for time to pass, only for what it looks for.
  timeout: 300_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    baseURL,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        // Without TLS, browsers give the clipboard to pages of this machine only.
        `--unsafely-treat-insecure-origin-as-secure=${baseURL}`,
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--disable-dev-shm-usage',
      ],
    },
  },
  projects: screenshots
    ? [{ name: 'screenshots', testMatch: 'screenshots.ts', use: { viewport: { width: 1280, height: 800 } } }]
    : [
        {
          name: 'desktop',
          testMatch,
          use: { ...devices['Desktop Chrome'], viewport: { width: 1280, height: 800 } },
        },
        {
          name: 'phone',
          testMatch,
          use: { ...devices['Pixel 7'], viewport: { width: 360, height: 740 } },
        },
      ],
})
