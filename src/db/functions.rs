//! Functions that both databases know by the same name.

use diesel::define_sql_function;
use diesel::sql_types::Text;

define_sql_function! {
    /// How many bytes a text has; neither database reads the text for it.
    fn octet_length(text: Text) -> Integer;
}
