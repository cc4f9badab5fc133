import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'

import { answer, api, type Schema } from '@/lib/api'

/** The places of batches in the query cache. */
export const batchKeys = {
  all: ['batches'] as const,
}

const PAGE_SIZE = 100

/** The batch with this id, with its items in pages. */
export function batchQuery(id: string) {
  return infiniteQueryOptions({
    queryKey: [...batchKeys.all, 'of', id],
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/api/batches/{id}', {
          params: { path: { id }, query: { limit: PAGE_SIZE, ...(pageParam && { cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  })
}

/** The latest batches. */
export const batchesQuery = queryOptions({
  queryKey: [...batchKeys.all, 'list'],
  queryFn: ({ signal }) => answer(api.GET('/api/batches', { signal })),
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
