#include "json/plain_number.h"

#include "json/read.h"

#include <math.h>

static size_t digits(const char *text, size_t length)
{
    size_t count = 0;
    while (count < length && text[count] >= '0' && text[count] <= '9') count++;
    return count;
}

static bool is_sign(char c)
{
    return c == '-' || c == '+';
}

/* Is all of it digits with at most one point among them, and an exponent if it likes? */
static bool is_decimal(const char *text, size_t length)
{
    size_t whole = digits(text, length), fraction = 0, at = whole;
    if (at < length && text[at] == '.') {
        fraction = digits(text + at + 1, length - at - 1);
        at += 1 + fraction;
    }
    if (whole + fraction == 0) return false;
    if (at == length) return true;
    if (text[at] != 'e' && text[at] != 'E') return false;
    at++;
    if (at < length && is_sign(text[at])) at++;
    return at < length && digits(text + at, length - at) == length - at;
}

bool duet_plain_number(const char *text, size_t length, double *value)
{
    bool negative = length > 0 && text[0] == '-';
    if (length > 0 && is_sign(text[0])) text++, length--;
    if (!is_decimal(text, length)) return false;
    const struct duet_json_token token = {.kind = DUET_JSON_NUMBER, .text = text, .length = length};
    double number = duet_json_double(&token);
    if (!isfinite(number)) return false;
    *value = negative ? -number : number;
    return true;
}
