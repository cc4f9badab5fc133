import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'

import { answer, api } from '@/lib/api'

const SHOWN = 20

/** The places of operations in the query cache. */
export const operationKeys = {
  ofInstance: (name: string) => ['operations', 'of', name] as const,
}

/** The latest operations of the instance called name, newest first, with their steps. */
export function operationsQuery(name: string) {
  return queryOptions({
    queryKey: operationKeys.ofInstance(name),
    queryFn: ({ signal }) =>
      answer(api.GET('/api/operations', { params: { query: { instance: name, limit: SHOWN } }, signal })),
  })
}

/** Asks for an operation to be cancelled. */
export function useCancelOperation(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => answer(api.POST('/api/operations/{id}/cancel', { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries(),
  })
}
