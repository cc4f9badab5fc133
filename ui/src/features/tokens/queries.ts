import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'

import { answer, api, type Schema } from '@/lib/api'

/** One's own API tokens. */
export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: ({ signal }) => answer(api.GET('/api/tokens', { signal })),
  staleTime: 0,
})

/** Creates a token; its secret is in this answer only, and kept nowhere but with the caller. */
export function useCreateToken() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Schema<'CreateTokenRequest'>) => answer(api.POST('/api/tokens', { body })),
    onSuccess: () => client.invalidateQueries(tokensQuery),
    gcTime: 0,
  })
}

export function useRevokeToken(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => answer(api.DELETE('/api/tokens/{id}', { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries(tokensQuery),
  })
}
