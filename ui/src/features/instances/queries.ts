import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query'

import { answer, api, type Schema } from '@/lib/api'

import { listQueryOf, type InstanceSearch } from './instance-search'
import { rangeOf } from './name-pattern'
import type { Action } from './state'

const PAGE_SIZE = 50

/** The places of instances in the query cache. */
export const instanceKeys = {
  lists: ['instances', 'list'] as const,
  detail: (name: string) => ['instances', 'detail', name] as const,
}

/** The instances that are searched for, in pages. */
export function instancesQuery(search: InstanceSearch) {
  const query = listQueryOf(search)
  return infiniteQueryOptions({
    queryKey: [...instanceKeys.lists, query],
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/api/instances', {
          params: { query: { limit: PAGE_SIZE, ...query, ...(pageParam && { cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  })
}

const FEW = 6

/** The latest few instances whose name contains search. */
export function instanceSearchQuery(search: string) {
  return queryOptions({
    queryKey: [...instanceKeys.lists, 'few', search],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/instances', { params: { query: { limit: FEW, ...(search && { search }) } }, signal }),
      ),
    placeholderData: keepPreviousData,
  })
}

export function instanceQuery(name: string) {
  return queryOptions({
    queryKey: instanceKeys.detail(name),
    queryFn: ({ signal }) => answer(api.GET('/api/instances/{name}', { params: { path: { name } }, signal })),
  })
}

/** How to connect, without the password. It changes with the instance's endpoint. */
export function connectionQuery(instance: Schema<'Instance'>) {
  const { id, name, endpoint } = instance
  return queryOptions({
    queryKey: ['instances', 'connection', id, endpoint],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/instances/{name}/connection', { params: { path: { name } }, signal })),
    enabled: endpoint !== undefined,
  })
}

/** What can be asked for. Asked anew for each form, since versions come and go. */
export const offerQuery = queryOptions({
  queryKey: ['offer'],
  queryFn: ({ signal }) => answer(api.GET('/api/offer', { signal })),
  staleTime: 60_000,
})

/** Asks for an instance. The key makes a repeat of the same request harmless. */
export function useCreateInstance() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async ({ body, key }: { body: Schema<'CreateInstanceRequest'>; key: string }) => {
      const init = { body, params: { header: { 'Idempotency-Key': key } } }
      return (await answer(api.POST('/api/instances', init))) as Schema<'Operation'> // it is no dry run
    },
    // The event stream does this too, unless it is just being reconnected.
    onSuccess: () => client.invalidateQueries(),
  })
}

/** What a create would make, and which of many would be refused; an error where the request would be. */
export interface CreatePlan {
  /** Of one, or of each. */
  plan: Schema<'InstancePlan'>
  total: number
  refused: Schema<'BatchItem'>[]
}

/** The plan of as many instances as the name in body stands for. */
export function createPlanQuery(body: Schema<'CreateInstanceRequest'>) {
  return queryOptions({
    queryKey: ['instances', 'plan', body],
    queryFn: async ({ signal }): Promise<CreatePlan> => {
      const init = { params: { query: { dry_run: true } }, signal }
      if (!rangeOf(body.name)) {
        const plan = await answer(api.POST('/api/instances', { ...init, body }))
        return { plan: plan as Schema<'InstancePlan'>, total: 1, refused: [] }
      }
      const many = await answer(api.POST('/api/instances/bulk', { ...init, body: { instances: [body] } }))
      const { instances, total, refused } = many as Schema<'BatchPlan'>
      const [plan] = instances
      if (!plan) throw new Error('the plan says nothing of the instances that were asked for')
      return { plan, total, refused }
    },
    staleTime: 0,
    gcTime: 0,
    retry: false,
    placeholderData: keepPreviousData,
  })
}

/** Asks for as many instances as the name in body stands for. */
export function useCreateInstances() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async ({ body, key }: { body: Schema<'CreateInstanceRequest'>; key: string }) =>
      (await answer(
        api.POST('/api/instances/bulk', {
          body: { instances: [body] },
          params: { header: { 'Idempotency-Key': key } },
        }),
      )) as Schema<'Batch'>,
    onSuccess: () => client.invalidateQueries(),
  })
}

export type UpdateRequest = Schema<'UpdateInstanceRequest'>

/**
 * Changes the instance called name: only if it is still as it was when plan was made, if there is one. It answers with an
 * operation, or with the instance when that takes none.
 */
export function useUpdateInstance(name: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async ({ body, plan }: { body: UpdateRequest; plan?: string }) => {
      const query = plan === undefined ? {} : { plan }
      const updated = await answer(
        api.PATCH('/api/instances/{name}', { body, params: { path: { name }, query } }),
      )
      return updated as Schema<'Operation'> | Schema<'Instance'> // it is no dry run
    },
    onSuccess: () => client.invalidateQueries(),
  })
}

/** Creates an instance with the data of the one called source. The key makes a repeat of the same request harmless. */
export function useForkInstance(source: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ body, key }: { body: Schema<'ForkInstanceRequest'>; key: string }) =>
      answer(
        api.POST('/api/instances/{name}/fork', {
          body,
          params: { path: { name: source }, header: { 'Idempotency-Key': key } },
        }),
      ),
    onSuccess: () => client.invalidateQueries(),
  })
}

/** What a change of the instance called name would do. */
export function planQuery(name: string, body: UpdateRequest) {
  return queryOptions({
    queryKey: ['instances', 'plan', name, body],
    queryFn: async ({ signal }) => {
      const params = { path: { name }, query: { dry_run: true } }
      const plan = await answer(api.PATCH('/api/instances/{name}', { body, params, signal }))
      return plan as Schema<'Plan'>
    },
    staleTime: 0,
    gcTime: 0,
  })
}

/** Gives the superuser of the instance called name another password. */
export function useRotatePassword(name: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () =>
      answer(api.POST('/api/instances/{name}/password/rotate', { params: { path: { name } } })),
    onSuccess: () => client.invalidateQueries(),
  })
}

/** Makes the server of the instance called name the newest minor release. */
export function useUpgrade(name: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => answer(api.POST('/api/instances/{name}/upgrade', { params: { path: { name } } })),
    onSuccess: () => client.invalidateQueries(),
  })
}

/** The parameters of an instance's server, for who may read them. They change with its state and with what is set. */
export function parametersQuery(instance: Schema<'Instance'>, mayRead: boolean) {
  const { id, name, state, parameters } = instance
  return queryOptions({
    queryKey: ['instances', 'parameters', id, state, parameters],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/instances/{name}/parameters', { params: { path: { name } }, signal })),
    enabled: mayRead && (state === 'running' || state === 'stopped'),
  })
}

/** Stops, starts or restarts the instance called name, or brings it back from the trash. */
export function act(action: Action, name: string): Promise<Schema<'Instance'>> {
  const init = { params: { path: { name } } }
  switch (action) {
    case 'stop':
      return answer(api.POST('/api/instances/{name}/stop', init))
    case 'start':
      return answer(api.POST('/api/instances/{name}/start', init))
    case 'restart':
      return answer(api.POST('/api/instances/{name}/restart', init))
    case 'undelete':
      return answer(api.POST('/api/instances/{name}/undelete', init))
  }
}

/** {@link act}, of one instance. */
export function useInstanceAction(action: Action, name: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => act(action, name),
    onSuccess: () => client.invalidateQueries(),
  })
}

/** Deletes the instance called name: into the trash, or for good. */
export function useDeleteInstance(name: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ purge }: { purge: boolean }) =>
      answer(api.DELETE('/api/instances/{name}', { params: { path: { name }, query: { purge } } })),
    onSuccess: () => client.invalidateQueries(),
  })
}

/** Fetches the connection with the password, which is kept nowhere but with the caller. */
export function useRevealConnection(name: string) {
  return useMutation({
    mutationFn: () =>
      answer(api.POST('/api/instances/{name}/connection/reveal', { params: { path: { name } } })),
    gcTime: 0,
  })
}
