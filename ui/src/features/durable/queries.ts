import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'

import { answer, api, type Schema } from '@/lib/api'

// What pg_durable does by itself sends us no event.
const REFRESH = 10_000

/** The places of durable functions in the query cache. */
export const durableKeys = {
  ofInstance: (name: string) => ['durable', name] as const,
}

export function functionsQuery(name: string) {
  return infiniteQueryOptions({
    queryKey: [...durableKeys.ofInstance(name), 'list'],
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/api/instances/{name}/durable-functions', {
          params: { path: { name }, query: { limit: 20, ...(pageParam && { cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: REFRESH,
    retry: false,
  })
}

/** How many durable functions there are, and what they have done. */
export function metricsQuery(name: string) {
  return queryOptions({
    queryKey: [...durableKeys.ofInstance(name), 'metrics'],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/instances/{name}/durable-functions/metrics', { params: { path: { name } }, signal }),
      ),
    refetchInterval: REFRESH,
    retry: false,
  })
}

/** The graph of one durable function as text. */
export function explanationQuery(name: string, id: string) {
  return queryOptions({
    queryKey: [...durableKeys.ofInstance(name), 'detail', id, 'explanation'],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/instances/{name}/durable-functions/{id}/explain', {
          params: { path: { name, id } },
          signal,
        }),
      ),
    refetchInterval: REFRESH,
  })
}

/** One durable function with its nodes and its executions. */
export function functionQuery(name: string, id: string) {
  return queryOptions({
    queryKey: [...durableKeys.ofInstance(name), 'detail', id],
    queryFn: async ({ signal }) => {
      const of = { params: { path: { name, id } }, signal }
      const [info, nodes, executions] = await Promise.all([
        answer(api.GET('/api/instances/{name}/durable-functions/{id}', of)),
        answer(api.GET('/api/instances/{name}/durable-functions/{id}/nodes', of)),
        answer(
          api.GET('/api/instances/{name}/durable-functions/{id}/executions', {
            ...of,
            params: { ...of.params, query: { limit: 5 } },
          }),
        ),
      ])
      return { info, nodes, executions: executions.items }
    },
    refetchInterval: REFRESH,
  })
}

/** Shows what an expression would start. */
export function usePreviewFunction(name: string) {
  return useMutation({
    mutationFn: (body: Schema<'PreviewDurableFunctionRequest'>) =>
      answer(
        api.POST('/api/instances/{name}/durable-functions/explain', { params: { path: { name } }, body }),
      ),
  })
}

export function useStartFunction(name: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Schema<'StartDurableFunctionRequest'>) =>
      answer(api.POST('/api/instances/{name}/durable-functions', { params: { path: { name } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: durableKeys.ofInstance(name) }),
  })
}

export function useCancelFunction(name: string, id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () =>
      answer(
        api.POST('/api/instances/{name}/durable-functions/{id}/cancel', {
          params: { path: { name, id } },
          body: {},
        }),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: durableKeys.ofInstance(name) }),
  })
}

export function useSignalFunction(name: string, id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Schema<'SignalDurableFunctionRequest'>) =>
      answer(
        api.POST('/api/instances/{name}/durable-functions/{id}/signals', {
          params: { path: { name, id } },
          body,
        }),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: durableKeys.ofInstance(name) }),
  })
}
