import { Search } from 'lucide-react'

import { Key } from '@/components/key'

import { modifier } from './use-shortcuts'

/** Opens the command palette, and tells that there is a key for it. */
export function SearchButton({ onClick }: { onClick: () => void }) {
  return (
    <button
      type="button"
      onClick={onClick}
      aria-keyshortcuts="Control+K Meta+K"
      className="flex h-9 items-center gap-2 rounded-md px-2 text-ink-faint transition-colors hover:text-ink sm:h-8 sm:w-64 sm:border sm:bg-canvas sm:px-2.5 sm:hover:border-line-strong"
    >
      <Search aria-hidden className="size-4" />
      <span className="max-sm:sr-only">Search or go to…</span>
      <span aria-hidden className="ml-auto hidden gap-1 lg:flex">
        <Key>{modifier}</Key>
        <Key>K</Key>
      </span>
    </button>
  )
}
