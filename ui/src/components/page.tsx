import type { ReactNode } from 'react'

interface Props {
  /** The title of the browser's tab. */
  title: string
  children: ReactNode
}

/** The frame of a page's content. */
export function Page({ title, children }: Props) {
  return (
    <>
      <title>{`${title} · Toygres`}</title>
      <div className="mx-auto w-full max-w-[90rem] px-4 py-6 sm:px-6 sm:py-8 lg:px-8">{children}</div>
    </>
  )
}
