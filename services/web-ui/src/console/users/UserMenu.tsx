/** Blocks or unblocks a user, or revokes all keys of one, after a question. */
import { useState } from "react";
import { blockUser, revokeUserKeys, unblockUser, type AdminUser } from "~/api/adminUsers";
import { useText } from "~/i18n";
import { ConfirmDialog } from "~/parts/ConfirmDialog";
import { useAct } from "~/parts/useAct";

type Act = "block" | "unblock" | "revoke";

export function UserMenu({ user }: { user: AdminUser }) {
  const t = useText();
  const [asks, setAsks] = useState<Act | null>(null);
  const run = async (act: Act): Promise<string> => {
    if (act === "revoke") return t.users.revoked((await revokeUserKeys(user)).revoked);
    await (act === "block" ? blockUser(user) : unblockUser(user));
    return act === "block" ? t.users.blockedNow(user.name) : t.users.unblockedNow(user.name);
  };
  const { mutate, isPending } = useAct({ run, changes: ["admin-users"], onSettled: () => setAsks(null) });
  const dialogs = {
    block: { title: t.users.blockTitle(user.name), act: t.users.block, hint: t.users.blockHint(user.keys) },
    unblock: { title: t.users.unblockTitle(user.name), act: t.users.unblock, hint: t.users.unblockHint },
    revoke: {
      title: t.users.revokeTitle(user.keys, user.name),
      act: t.users.revokeN(user.keys),
      hint: t.apiKeys.revokeHint,
    },
  };
  return (
    <>
      {user.keys > 0 && (
        <button type="button" className="btn ghost sm" onClick={() => setAsks("revoke")}>
          {t.users.revoke}
          <span className="sr">{user.name}</span>
        </button>
      )}{" "}
      {!user.operator && (
        <button
          type="button"
          className="btn ghost sm danger"
          onClick={() => setAsks(user.blocked_at === null ? "block" : "unblock")}
        >
          {user.blocked_at === null ? t.users.block : t.users.unblock}
          <span className="sr">{user.name}</span>
        </button>
      )}
      {asks !== null && (
        <ConfirmDialog
          title={dialogs[asks].title}
          act={dialogs[asks].act}
          isPending={isPending}
          onConfirm={() => mutate(asks)}
          onClose={() => setAsks(null)}
        >
          {dialogs[asks].hint}
        </ConfirmDialog>
      )}
    </>
  );
}
