import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'

import { answer, api, type Schema } from '@/lib/api'

/** One's own API tokens. */
export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: ({ signal }) => answer(api.GET('/api/tokens', { signal })),
  staleTime: 0,
})

/** The API tokens of another user. */
export const userTokensQuery = (name: string) =>
  queryOptions({
    queryKey: ['tokens', name],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/users/{name}/tokens', { signal, params: { path: { name } } })),
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

/** Revokes one's own token, or that of owner. */
export function useRevokeToken(id: string, owner?: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (): Promise<void> => {
      if (owner === undefined) await answer(api.DELETE('/api/tokens/{id}', { params: { path: { id } } }))
      else
        await answer(api.DELETE('/api/users/{name}/tokens/{id}', { params: { path: { name: owner, id } } }))
    },
    // Not waited for: whoever asked is told first, while the row is still there.
    onSuccess: () =>
      void client.invalidateQueries(owner === undefined ? tokensQuery : userTokensQuery(owner)),
  })
}
