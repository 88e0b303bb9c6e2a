// Goes on when every client has heard of the logout in its frame, or has had its time.
const { href } = document.querySelector('a[data-next]');
const goOn = () => location.replace(href);

addEventListener('load', goOn);
setTimeout(goOn, 5000);
