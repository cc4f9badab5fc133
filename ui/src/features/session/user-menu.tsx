import {
  Activity,
  ChevronDown,
  KeyRound,
  ListChecks,
  LogOut,
  Monitor,
  Moon,
  ScrollText,
  Sun,
  Users,
} from 'lucide-react'

import { Button } from '@/components/button'
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuSeparator } from '@/components/menu'
import type { Schema } from '@/lib/api'
import { setTheme, useTheme, type Theme } from '@/lib/theme'

import { canManageUsers } from './roles'

const themes: { value: Theme; label: string; icon: React.ReactNode }[] = [
  { value: 'light', label: 'Light', icon: <Sun aria-hidden /> },
  { value: 'dark', label: 'Dark', icon: <Moon aria-hidden /> },
  { value: 'system', label: 'System', icon: <Monitor aria-hidden /> },
]

interface Props {
  me: Schema<'Me'>
  onGo: (to: '/account' | '/operations' | '/system' | '/people' | '/audit') => void
  onSignOut: () => void
}

export function UserMenu({ me, onGo, onSignOut }: Props) {
  const theme = useTheme()
  return (
    <Menu
      label={`User menu of ${me.username}`}
      trigger={
        <Button look="ghost" className="px-2">
          <span
            aria-hidden
            className="grid size-6 place-items-center rounded-full bg-accent-wash text-xs font-semibold text-accent-strong uppercase"
          >
            {me.username.slice(0, 1)}
          </span>
          <span className="hidden max-w-40 truncate sm:inline">{me.username}</span>
          <ChevronDown aria-hidden />
        </Button>
      }
    >
      <MenuLabel>
        Signed in as <span className="font-medium text-ink">{me.username}</span> ({me.role})
      </MenuLabel>
      <MenuSeparator />
      <MenuItem onSelect={() => onGo('/account')}>
        <KeyRound aria-hidden />
        Your account
      </MenuItem>
      <MenuItem onSelect={() => onGo('/operations')}>
        <ListChecks aria-hidden />
        Operations
      </MenuItem>
      <MenuItem onSelect={() => onGo('/system')}>
        <Activity aria-hidden />
        Drift and retention
      </MenuItem>
      {canManageUsers(me.role) && (
        <>
          <MenuItem onSelect={() => onGo('/people')}>
            <Users aria-hidden />
            People
          </MenuItem>
          <MenuItem onSelect={() => onGo('/audit')}>
            <ScrollText aria-hidden />
            Audit log
          </MenuItem>
        </>
      )}
      <MenuSeparator />
      <MenuChoice label="Theme" value={theme} choices={themes} onChange={setTheme} />
      <MenuSeparator />
      <MenuItem onSelect={onSignOut}>
        <LogOut aria-hidden />
        Sign out
      </MenuItem>
    </Menu>
  )
}
