import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'

import { answer, api, type Schema } from '@/lib/api'

/** Who is signed in. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => answer(api.GET('/api/me', { signal })),
  meta: { expects401: true },
})

/** With whom one can sign in, besides a password. */
export const providersQuery = queryOptions({
  queryKey: ['sign-in-providers'],
  queryFn: ({ signal }) => answer(api.GET('/api/sign-in', { signal })),
})

/** Signs in, and forgets all that was fetched for whoever was signed in before. */
export function useSignIn() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Schema<'SignInRequest'>) => answer(api.POST('/api/sessions', { body })),
    meta: { expects401: true },
    onSuccess: (me) => {
      client.clear()
      client.setQueryData(meQuery.queryKey, me)
    },
  })
}

/** Signs out. Whoever is signed out already is, too. */
export function useSignOut() {
  return useMutation({
    mutationFn: () => answer(api.DELETE('/api/sessions/current')),
  })
}
