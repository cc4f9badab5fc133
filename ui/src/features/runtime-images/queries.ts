import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'

import { answer, api, type Schema } from '@/lib/api'

/** The images that instances may run instead of the stock one. */
export const runtimeImagesQuery = queryOptions({
  queryKey: ['runtime-images'],
  queryFn: ({ signal }) => answer(api.GET('/api/runtime-images', { signal })),
})

export function useRegisterRuntimeImage() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Schema<'RegisterRuntimeImageRequest'>) =>
      answer(api.POST('/api/runtime-images', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: runtimeImagesQuery.queryKey }),
  })
}

export function useDeleteRuntimeImage() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (name: string) =>
      answer(api.DELETE('/api/runtime-images/{name}', { params: { path: { name } } })),
    onSettled: () => client.invalidateQueries({ queryKey: runtimeImagesQuery.queryKey }),
  })
}
