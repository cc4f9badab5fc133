import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { Command } from 'cmdk'
import {
  BookOpen,
  Copy,
  Database,
  Keyboard,
  KeyRound,
  LogOut,
  Monitor,
  Moon,
  Plus,
  Search,
  Sun,
  type LucideIcon,
} from 'lucide-react'
import { useState, type ReactNode } from 'react'

import { Modal } from '@/components/modal'
import { connectionQuery, instanceQuery, instanceSearchQuery } from '@/features/instances/queries'
import { canOperate } from '@/features/session/roles'
import type { Schema } from '@/lib/api'
import { copyText } from '@/lib/browser'
import { messageOf } from '@/lib/problem'
import { shellQuote } from '@/lib/shell'
import { setTheme } from '@/lib/theme'
import { toast, toastError } from '@/lib/toasts'
import { useDebounced } from '@/lib/use-debounced'

import { navigationOf } from './navigation'

interface Props {
  role: Schema<'Role'>
  onHelp: () => void
  onSignOut: () => void
  onClose: () => void
}

interface Entry {
  label: string
  icon: LucideIcon
  run: () => void
}

/** Goes to any page or instance, and does what is done often, by a few letters. */
export function CommandPalette({ role, onHelp, onSignOut, onClose }: Props) {
  const navigate = useNavigate()
  const [text, setText] = useState('')
  const instances = useNamedInstances(text)
  const copyConnection = useCopyConnection()

  const go = (to: string) => void navigate({ to })
  const pages: Entry[] = [
    ...navigationOf(role).flatMap(({ items }) =>
      items.map(({ to, label, icon }) => ({ label, icon, run: () => go(to) })),
    ),
    { label: 'Your account', icon: KeyRound, run: () => go('/account') },
    { label: 'API docs', icon: BookOpen, run: () => window.location.assign('/api/docs') },
  ]
  const actions: Entry[] = [
    ...(canOperate(role) ? [{ label: 'New instance', icon: Plus, run: () => go('/instances/new') }] : []),
    ...instances.slice(0, 3).map(({ name }) => ({
      label: `Copy connection command of ${name}`,
      icon: Copy,
      run: () => copyConnection(name),
    })),
    { label: 'Light theme', icon: Sun, run: () => setTheme('light') },
    { label: 'Dark theme', icon: Moon, run: () => setTheme('dark') },
    { label: 'Theme of the system', icon: Monitor, run: () => setTheme('system') },
    { label: 'Keyboard shortcuts', icon: Keyboard, run: onHelp },
    { label: 'Sign out', icon: LogOut, run: onSignOut },
  ]
  const groups: [string, Entry[]][] = [
    [
      'Instances',
      (text.trim().includes(' ') ? [] : instances).map(({ name }) => ({
        label: name,
        icon: Database,
        run: () => void navigate({ to: '/instances/$name', params: { name } }),
      })),
    ],
    ['Pages', pages.filter(({ label }) => matches(label, text))],
    ['Actions', actions.filter(({ label }) => matches(label, text))],
  ]
  return (
    <Modal label="Search or go to" place="top" onClose={onClose}>
      <Command shouldFilter={false} loop vimBindings={false} label="Search or go to">
        <div className="flex items-center gap-2.5 border-b px-4">
          <Search aria-hidden className="size-4 shrink-0 text-ink-faint" />
          <Command.Input
            value={text}
            onValueChange={setText}
            placeholder="A page, an instance, or what to do"
            className="h-12 min-w-0 flex-1 bg-transparent text-lg outline-none placeholder:text-ink-faint"
          />
        </div>
        <Command.List className="max-h-[min(26rem,60vh)] scroll-py-2 overflow-y-auto p-2">
          {groups.map(
            ([title, entries]) =>
              entries.length > 0 && (
                <Group key={title} title={title}>
                  {entries.map(({ label, icon: Icon, run }) => (
                    <Command.Item
                      key={label}
                      value={`${title}: ${label}`}
                      onSelect={() => {
                        onClose()
                        run()
                      }}
                      className="flex min-h-9 cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-1.5 aria-selected:bg-sunken [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-ink-faint"
                    >
                      <Icon aria-hidden />
                      <span className="min-w-0 wrap-anywhere">{label}</span>
                    </Command.Item>
                  ))}
                </Group>
              ),
          )}
          <Command.Empty className="px-2.5 py-6 text-center text-ink-faint">
            Nothing is called so.
          </Command.Empty>
        </Command.List>
      </Command>
    </Modal>
  )
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={title}
      className="mb-2 last:mb-0 [&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:py-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-ink-faint"
    >
      {children}
    </Command.Group>
  )
}

/** Whether every word of what is searched for begins a word of label. */
function matches(label: string, search: string): boolean {
  const words = label.toLowerCase().split(/\s+/)
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((part) => words.some((word) => word.startsWith(part)))
}

// The instance whose page this is, or those whose name has the last word of text in it.
function useNamedInstances(text: string): Schema<'Instance'>[] {
  const { name: here = '' } = useParams({ strict: false })
  const search = useDebounced(lastWord(text), 150)
  const found = useQuery(instanceSearchQuery(search))
  const current = useQuery({ ...instanceQuery(here), enabled: here !== '' && text === '' })
  // What was found before stays until the next answer; of that only what still fits.
  if (text !== '') return found.data?.items.filter(({ name }) => name.includes(lastWord(text))) ?? []
  const others = found.data?.items.filter(({ name }) => name !== here) ?? []
  return current.data ? [current.data, ...others] : others
}

function lastWord(text: string): string {
  return text.trim().toLowerCase().split(/\s+/).at(-1) ?? ''
}

function useCopyConnection() {
  const client = useQueryClient()
  return (name: string) =>
    void client
      .query(instanceQuery(name))
      .then(async (instance) => {
        if (!instance.endpoint) throw new Error(`${name} has no address yet. Try again when it runs.`)
        const { url } = await client.query(connectionQuery(instance)) // which needs no file, and asks for the password
        await copyText(`psql ${shellQuote(url)}`)
        toast(`Copied the connection command of ${name}`)
      })
      .catch((error: unknown) => toastError(messageOf(error)))
}
