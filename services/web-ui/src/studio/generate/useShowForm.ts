/** Shows the form after something was put into it: on this page, or on the studio's. */
import { useLocation } from "wouter";

export function useShowForm(): () => void {
  const [, navigate] = useLocation();
  return () => {
    const prompt = document.getElementById("prompt");
    if (prompt === null) navigate("/studio");
    else prompt.focus();
  };
}
