import { infiniteQueryOptions, useMutation, useQueryClient } from '@tanstack/react-query'

import { answer, api, type Schema } from '@/lib/api'

/** The places of batches in the query cache. */
export const batchKeys = {
  all: ['batches'] as const,
}

const ITEMS_AT_ONCE = 200
const BATCHES_AT_ONCE = 50

/** The batch with this id, with its items in pages. */
export function batchQuery(id: string) {
  return infiniteQueryOptions({
    queryKey: [...batchKeys.all, 'of', id],
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/api/batches/{id}', {
          params: { path: { id }, query: { limit: ITEMS_AT_ONCE, ...(pageParam && { cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  })
}

/** Batches in pages, the latest first. */
export const batchesQuery = infiniteQueryOptions({
  queryKey: [...batchKeys.all, 'list'],
  queryFn: ({ pageParam, signal }) =>
    answer(
      api.GET('/api/batches', {
        params: { query: { limit: BATCHES_AT_ONCE, ...(pageParam && { cursor: pageParam }) } },
        signal,
      }),
    ),
  initialPageParam: '',
  getNextPageParam: (page) => page.next_cursor,
})

/** Deletes many instances. The key makes a repeat of the same request harmless. */
export function useDeleteInstances() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ body, key }: { body: Schema<'DeleteInstancesRequest'>; key: string }) =>
      answer(
        api.POST('/api/instances/bulk/delete', { body, params: { header: { 'Idempotency-Key': key } } }),
      ),
    onSuccess: () => client.invalidateQueries(),
  })
}

/** Asks for a batch to be cancelled. */
export function useCancelBatch(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => answer(api.POST('/api/batches/{id}/cancel', { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries(),
  })
}

/** Asks for what failed or was cancelled of a batch to be tried again, as a new one. Asking twice answers the same one. */
export function useRetryBatch(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => answer(api.POST('/api/batches/{id}/retry', { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries(),
  })
}
