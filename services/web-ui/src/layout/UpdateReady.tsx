/** A button that appears when the server has newer pages than this one. */
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { isNewerThanPage } from "~/api/operator";
import { useText } from "~/i18n";
import { useLink } from "~/live/Live";
import { Icon } from "~/parts/Icon";

export function UpdateReady() {
  const t = useText();
  const { state } = useLink();
  const { data: isNewer, refetch } = useQuery({
    queryKey: ["newer"],
    queryFn: isNewerThanPage,
    refetchOnWindowFocus: "always",
  });
  useEffect(() => {
    if (state === "live") void refetch(); // the server may have been replaced while the page had no connection
  }, [state, refetch]);
  if (isNewer !== true) return null;
  return (
    <button type="button" className="btn sm" onClick={() => location.reload()}>
      <Icon name="replay" />
      {t.link.update}
    </button>
  );
}
