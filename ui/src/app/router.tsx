import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  parseSearchWith,
  redirect,
  stringifySearchWith,
} from '@tanstack/react-router'

import { parseAuditFilter } from '@/features/audit/queries'
import { itemStates } from '@/features/batches/progress'
import { parseInstanceSearch } from '@/features/instances/instance-search'
import { kinds, states } from '@/features/operations/progress'
import type { OperationFilter } from '@/features/operations/queries'
import { meQuery } from '@/features/session/queries'
import { HOME, safeReturnTo } from '@/features/session/return-to'
import { isUnauthenticated } from '@/lib/problem'
import { parseTimeRange } from '@/lib/time-range'

import { BrokenPage } from './pages/broken'
import { NotFoundPage } from './pages/not-found'
import { Shell } from './shell'

const root = createRootRouteWithContext<{ client: QueryClient }>()()

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search): { return_to?: string; ended?: true; problem?: string } => ({
    ...(typeof search.return_to === 'string' && { return_to: search.return_to }),
    ...(search.ended === true && { ended: true }),
    ...(typeof search.problem === 'string' && { problem: search.problem }),
  }),
  beforeLoad: async ({ context: { client }, search }) => {
    if (client.getQueryState(meQuery.queryKey)?.status === 'error') return // asked just now
    const me = await client.query(meQuery).catch(() => undefined)
    if (me) throw redirect({ href: safeReturnTo(search.return_to) })
  },
  component: lazyRouteComponent(() => import('./pages/sign-in'), 'SignInPage'),
})

// Everything but the sign-in page is for those who are signed in. A session
// that ended comes by here too, and remembers where it was.
const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  beforeLoad: async ({ context: { client }, location }) => {
    const before = client.getQueryData(meQuery.queryKey)
    try {
      return { me: await client.query(meQuery) }
    } catch (error) {
      if (!isUnauthenticated(error)) throw error
      const wanted = safeReturnTo(location.href)
      throw redirect({
        to: '/sign-in',
        search: { ...(wanted !== HOME && { return_to: wanted }), ...(before && { ended: true }) },
      })
    }
  },
  component: function SignedIn() {
    return <Shell me={signedIn.useRouteContext().me} />
  },
})

const dashboard = createRoute({
  getParentRoute: () => signedIn,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/dashboard'), 'DashboardPage'),
})

const instances = createRoute({
  getParentRoute: () => signedIn,
  path: '/instances',
  validateSearch: parseInstanceSearch,
  component: lazyRouteComponent(() => import('./pages/instances'), 'InstancesPage'),
})

const createInstance = createRoute({
  getParentRoute: () => signedIn,
  path: '/instances/new',
  component: lazyRouteComponent(() => import('./pages/create-instance'), 'CreateInstancePage'),
})

const instance = createRoute({
  getParentRoute: () => signedIn,
  path: '/instances/$name',
  component: lazyRouteComponent(() => import('./pages/instance'), 'InstancePage'),
})

const instanceOverview = createRoute({
  getParentRoute: () => instance,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/instance/overview'), 'OverviewTab'),
})

const instanceConnect = createRoute({
  getParentRoute: () => instance,
  path: 'connect',
  component: lazyRouteComponent(() => import('./pages/instance/connect'), 'ConnectTab'),
})

const instanceLogs = createRoute({
  getParentRoute: () => instance,
  path: 'logs',
  component: lazyRouteComponent(() => import('./pages/instance/logs'), 'LogsTab'),
})

const instanceQuery = createRoute({
  getParentRoute: () => instance,
  path: 'query',
  component: lazyRouteComponent(() => import('./pages/instance/query'), 'QueryTab'),
})

const instanceParameters = createRoute({
  getParentRoute: () => instance,
  path: 'parameters',
  component: lazyRouteComponent(() => import('./pages/instance/parameters'), 'ParametersTab'),
})

const instanceActivity = createRoute({
  getParentRoute: () => instance,
  path: 'activity',
  component: lazyRouteComponent(() => import('./pages/instance/activity'), 'ActivityTab'),
})

const instanceDurable = createRoute({
  getParentRoute: () => instance,
  path: 'durable',
  component: lazyRouteComponent(() => import('./pages/instance/durable'), 'DurableTab'),
})

const instanceSettings = createRoute({
  getParentRoute: () => instance,
  path: 'settings',
  component: lazyRouteComponent(() => import('./pages/instance/settings'), 'SettingsTab'),
})

const people = createRoute({
  getParentRoute: () => signedIn,
  path: '/people',
  component: lazyRouteComponent(() => import('./pages/people'), 'PeoplePage'),
})

const audit = createRoute({
  getParentRoute: () => signedIn,
  path: '/audit',
  validateSearch: parseAuditFilter,
  component: lazyRouteComponent(() => import('./pages/audit'), 'AuditPage'),
})

const account = createRoute({
  getParentRoute: () => signedIn,
  path: '/account',
  component: lazyRouteComponent(() => import('./pages/account'), 'AccountPage'),
})

const operations = createRoute({
  getParentRoute: () => signedIn,
  path: '/operations',
  validateSearch: (search): OperationFilter => {
    const instance = textOf(search.instance)
    const kind = kinds.find((known) => known === search.kind)
    const state = states.find((known) => known === search.state)
    const batch = textOf(search.batch)
    return {
      ...(instance && { instance }),
      ...(kind && { kind }),
      ...(state && { state }),
      ...(batch && { batch }),
      ...parseTimeRange(search),
    }
  },
  component: lazyRouteComponent(() => import('./pages/operations'), 'OperationsPage'),
})

const operation = createRoute({
  getParentRoute: () => signedIn,
  path: '/operations/$id',
  component: lazyRouteComponent(() => import('./pages/operation'), 'OperationPage'),
})

const system = createRoute({
  getParentRoute: () => signedIn,
  path: '/system',
  component: lazyRouteComponent(() => import('./pages/system'), 'SystemPage'),
})

const batches = createRoute({
  getParentRoute: () => signedIn,
  path: '/batches',
  component: lazyRouteComponent(() => import('./pages/batches'), 'BatchesPage'),
})

const batch = createRoute({
  getParentRoute: () => signedIn,
  path: '/batches/$id',
  validateSearch: (search): { state?: (typeof itemStates)[number] } => {
    const state = itemStates.find((known) => known === search.state)
    return state ? { state } : {}
  },
  component: lazyRouteComponent(() => import('./pages/batch'), 'BatchPage'),
})

const runtimeImages = createRoute({
  getParentRoute: () => signedIn,
  path: '/runtime-images',
  component: lazyRouteComponent(() => import('./pages/runtime-images'), 'RuntimeImagesPage'),
})

const anythingElse = createRoute({
  getParentRoute: () => signedIn,
  path: '$',
  component: NotFoundPage,
})

const routeTree = root.addChildren([
  signIn,
  signedIn.addChildren([
    dashboard,
    instances,
    createInstance,
    instance.addChildren([
      instanceOverview,
      instanceConnect,
      instanceLogs,
      instanceQuery,
      instanceParameters,
      instanceActivity,
      instanceDurable,
      instanceSettings,
    ]),
    operations,
    operation,
    system,
    batches,
    batch,
    runtimeImages,
    people,
    audit,
    account,
    anythingElse,
  ]),
])

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : ''
}

/** The pages and their addresses. */
export function newRouter(client: QueryClient) {
  return createRouter({
    routeTree,
    context: { client },
    defaultPreload: 'intent',
    scrollRestoration: true,
    defaultErrorComponent: BrokenPage,
    defaultNotFoundComponent: NotFoundPage,
    // Plain ?search=text instead of quoted JSON.
    parseSearch: parseSearchWith((value) => value),
    stringifySearch: stringifySearchWith(String),
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof newRouter>
  }
}
